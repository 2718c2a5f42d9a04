import { readRecording, recordedAnswers } from './recording.ts'
import type { Answers } from './table.ts'

/** What Kubernetes answered when it was last asked. */
export async function recordedTable(): Promise<Answers> {
  const recording = await readRecording()
  return {
    of: async (row) => {
      const answers = recordedAnswers(recording, row)
      if (answers === undefined)
        throw new Error('nothing was recorded of these requests: run main.ts with --record')
      return answers
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
