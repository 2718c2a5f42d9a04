/** 0.9312 -> `93.1 %` */
export function formatShare(share: number): string {
  const percent = share * 100
  const digits = percent > 0 && percent < 1 ? 2 : 1
  return `${trim(percent.toFixed(digits))} %`
}

/** 0.03 -> `3 points`: a difference of two shares. */
export function formatPoints(difference: number): string {
  const text = trim((difference * 100).toFixed(2))
  return `${text} ${text === '1' ? 'point' : 'points'}`
}

export function formatMs(ms: number): string {
  return `${trim(ms.toPrecision(3))} ms`
}

export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

function trim(text: string): string {
  const plain = text.includes('e') ? String(Number(text)) : text
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain
}
