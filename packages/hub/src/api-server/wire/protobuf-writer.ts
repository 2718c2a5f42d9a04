/** Writes one message of protocol buffers; what is undefined, empty or false is left out, as its rules say. */
export class ProtobufWriter {
  readonly #parts: Buffer[] = []

  text(number: number, value: unknown): this {
    return typeof value === 'string' && value !== '' ? this.bytes(number, Buffer.from(value)) : this
  }

  texts(number: number, values: unknown): this {
    for (const value of Array.isArray(values) ? values : [])
      this.bytes(number, Buffer.from(String(value)))
    return this
  }

  boolean(number: number, value: unknown): this {
    return value === true ? this.#add(number, 0, varint(1)) : this
  }

  integer(number: number, value: unknown): this {
    return typeof value === 'number' && value !== 0 ? this.#add(number, 0, varint(value)) : this
  }

  double(number: number, value: unknown): this {
    if (typeof value !== 'number' || value === 0) return this
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(value)
    return this.#add(number, 1, bytes)
  }

  bytes(number: number, value: Buffer | undefined): this {
    return value === undefined
      ? this
      : this.#add(number, 2, Buffer.concat([varint(value.length), value]))
  }

  end(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #add(number: number, wireType: number, value: Buffer): this {
    this.#parts.push(varint(number * 8 + wireType), value)
    return this
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)))
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}
