import type { StateFile } from './state/state-file.ts'
import type { Enrolment } from './state/agent-state.ts'

/** Who the device is and whom it believes, as far as it has enrolled. */
export type DeviceTrust = {
  get(): Enrolment | undefined
  save(enrolment: Enrolment): Promise<void>
}

export async function loadDeviceTrust(file: StateFile<Enrolment>): Promise<DeviceTrust> {
  let enrolment = await file.read()
  return {
    get: () => enrolment,
    async save(next) {
      await file.write(next)
      enrolment = next
    },
  }
}
