import { quoteShape } from './quote.ts'
import { type RequestProblem, badRequest } from './request-problem.ts'
import {
  type Datatype,
  type TensorData,
  type TensorValue,
  arrayOf,
  elementCount,
} from './tensor-type.ts'

type Read = { readonly ok: true; readonly data: TensorData }

/**
 * Elements of the binary tensor data extension: little-endian and row-major, which is also how every
 * machine that ONNX Runtime is built for keeps them. Bytes are copied only where they lie unaligned.
 */
export function tensorFromBinary(
  label: string,
  datatype: Datatype,
  shape: readonly number[],
  bytes: Uint8Array<ArrayBuffer>,
): Read | RequestProblem {
  const count = elementCount(shape)
  if (datatype === 'BYTES') return textsFromBinary(label, count, bytes)
  const array = arrayOf(datatype)
  const wanted = count * array.BYTES_PER_ELEMENT
  if (bytes.length !== wanted)
    return badRequest(
      `${label}: binary_data_size is ${bytes.length}, and ${datatype} of shape ${quoteShape(shape)} has ${wanted} bytes`,
    )
  if (datatype === 'BOOL') {
    const bad = bytes.findIndex((byte) => byte > 1)
    if (bad >= 0)
      return badRequest(`${label}: byte ${bad} is ${bytes[bad]}: a BOOL is the byte 0 or 1`)
  }
  const isAligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0
  /** Not `slice`, which for a Buffer is a view. */
  const aligned = isAligned ? bytes : new Uint8Array(bytes)
  return { ok: true, data: new array(aligned.buffer, aligned.byteOffset, count) }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textsFromBinary(
  label: string,
  count: number,
  bytes: Uint8Array<ArrayBuffer>,
): Read | RequestProblem {
  /** Each element has a length of four bytes, so a shape cannot ask for more than were sent. */
  if (count * 4 > bytes.length)
    return badRequest(`${label}: ${bytes.length} bytes are too few for ${count} BYTES elements`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const data: string[] = []
  let at = 0
  for (let index = 0; index < count; index += 1) {
    const start = at + 4
    const end = start <= bytes.length ? start + view.getUint32(at, true) : Infinity
    if (end > bytes.length)
      return badRequest(`${label}: element ${index} reaches past the end of its binary data`)
    const text = decodeText(bytes.subarray(start, end))
    if (text === undefined)
      return badRequest(
        `${label}: element ${index} must be UTF-8 without zero bytes: ONNX Runtime keeps texts`,
      )
    data.push(text)
    at = end
  }
  return at === bytes.length
    ? { ok: true, data }
    : badRequest(`${label}: ${bytes.length - at} bytes are left after the last element`)
}

function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** The bytes of a tensor as the extension sends them. */
export function tensorToBinary({ data }: TensorValue): Uint8Array {
  if (!Array.isArray(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const texts = data.map((text) => Buffer.from(text))
  const parts = texts.flatMap((text) => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    return [length, text]
  })
  return Buffer.concat(parts)
}
