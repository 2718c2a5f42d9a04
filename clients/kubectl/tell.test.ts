import { transcriptTests } from './kubectl-transcript-tests.ts'

transcriptTests('tell')
