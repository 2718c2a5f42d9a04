import type { GateResult } from '@skerry/api/kinds/rollout'
import { splitAlpha } from './alpha.ts'
import { type Draft, type WaveStatus, isUngated } from './draft.ts'
import { judgeBootHealth } from './boot-health.ts'
import { judgeGate } from './gates.ts'
import { noNumbers } from './measurement.ts'

/** The verdict of every gate on every model in this wave. */
export function judgeWave(draft: Draft, wave: WaveStatus): GateResult[] {
  if (isUngated(draft)) return []
  const { facts, status, policy } = draft
  const { confidence } = policy
  const gates = policy.gates.filter(({ metric }) => metric !== 'BootHealth')
  const alpha = splitAlpha(confidence, {
    waveIndex: status.waves.findIndex((each) => each.name === wave.name),
    waves: status.waves.length,
    gates: gates.length * facts.models.length,
  })
  const ofModels = facts.models.flatMap((model) => {
    const measurement = facts.measurements.find(
      (each) => each.wave === wave.name && each.model === model.name,
    ) ?? {
      wave: wave.name,
      model: model.name,
      version: model.version,
      next: noNumbers,
      ...(model.hasPrevious ? { running: noNumbers } : {}),
    }
    return gates.map((gate) => judgeGate(gate, measurement, alpha))
  })
  const ofBoots = policy.gates
    .filter(({ metric }) => metric === 'BootHealth')
    .flatMap((gate) => judgeBootHealth(gate, draft, wave))
  return [...ofModels, ...ofBoots]
}
