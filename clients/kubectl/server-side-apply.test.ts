import { transcriptTests } from './kubectl-transcript-tests.ts'

transcriptTests('server-side-apply')
