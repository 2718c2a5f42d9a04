import type { ModelSignature, TensorSpec } from '@skerry/api/kinds/model'

/**
 * Why a version cannot take the place of the others: sentences, one for each input or output that is
 * not as the model promises. A dimension of -1 in the version takes any size that the model promises.
 */
export function signatureProblems(promised: ModelSignature, offered: ModelSignature): string[] {
  return [
    ...tensorProblems('input', promised.inputs, offered.inputs),
    ...tensorProblems('output', promised.outputs, offered.outputs),
  ]
}

function tensorProblems(
  side: 'input' | 'output',
  promised: readonly TensorSpec[],
  offered: readonly TensorSpec[],
): string[] {
  const missing = promised.flatMap((tensor) => {
    const found = offered.find((each) => each.name === tensor.name)
    if (found === undefined) return [`it has no ${side} ${tensor.name}`]
    return isCompatible(tensor, found)
      ? []
      : [
          `its ${side} ${tensor.name} is ${describe(found)}, but the model promises ${describe(tensor)}`,
        ]
  })
  const extra = offered
    .filter((each) => side === 'input' && promised.every((tensor) => tensor.name !== each.name))
    .map((each) => `it wants an ${side} ${each.name} that callers do not send`)
  return [...missing, ...extra]
}

function isCompatible(promised: TensorSpec, offered: TensorSpec): boolean {
  return (
    promised.datatype === offered.datatype &&
    promised.shape.length === offered.shape.length &&
    promised.shape.every(
      (size, index) => offered.shape[index] === -1 || offered.shape[index] === size,
    )
  )
}

function describe(tensor: TensorSpec): string {
  const sizes = tensor.shape.map((size) => (size === -1 ? 'any' : String(size)))
  return `${tensor.datatype} [${sizes.join(', ')}]`
}
