import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeFakeImage } from '../testing/fake-image.ts'
import { drive } from '../testing/drive.ts'
import { createSimulatedMachine } from '../testing/simulated-machine.ts'

const v1 = await makeFakeImage({ version: '1.0.0' })
const v2 = await makeFakeImage({ version: '2.0.0' })

describe('an update', () => {
  it('to a good image is installed, switched to, found healthy and kept', async () => {
    const machine = createSimulatedMachine({ images: [v1, v2], installed: [{ image: v1 }] })
    const state = await drive(machine, { target: v2 })
    assert.equal(state.report.imageId, v2.description.imageId)
  })
})
