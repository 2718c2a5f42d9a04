import { transcriptTests } from './kubectl-transcript-tests.ts'

transcriptTests('custom-kinds')
