// Bodies of calls are msgpack: shown and edited as JSON. Binary is {"$hex": "00ff"}; whole numbers beyond
// what JavaScript counts exactly are {"$int": "9007199254740993"}.
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

const maxDepth = 32;

export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || /[^0-9a-fA-F]/.test(hex)) throw new Error('not hexadecimal');
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}

export const toHex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

class Reader {
  private at = 0;
  private readonly view: DataView;
  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  private take(count: number): number {
    const at = this.at;
    if (at + count > this.bytes.length) throw new Error('it ends too early');
    this.at += count;
    return at;
  }

  private size(width: number): number {
    const at = this.take(width);
    return width === 1 ? this.view.getUint8(at) : width === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  private text(count: number): string {
    const at = this.take(count);
    return new TextDecoder('utf-8', { fatal: true }).decode(this.bytes.subarray(at, at + count));
  }

  private binary(count: number): Value {
    const at = this.take(count);
    return { $hex: toHex(this.bytes.subarray(at, at + count)) };
  }

  private list(count: number, depth: number): Value {
    return Array.from({ length: count }, () => this.value(depth + 1));
  }

  private map(count: number, depth: number): Value {
    const map: { [key: string]: Value } = {};
    for (let index = 0; index < count; index++) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string') throw new Error('a key that is not text');
      map[key] = this.value(depth + 1);
    }
    return map;
  }

  private wide(value: bigint): Value {
    return Number.isSafeInteger(Number(value)) ? Number(value) : { $int: value.toString() };
  }

  value(depth = 0): Value {
    if (depth > maxDepth) throw new Error('too deep');
    const tag = this.size(1);
    if (tag < 0x80) return tag;
    if (tag < 0x90) return this.map(tag & 15, depth);
    if (tag < 0xa0) return this.list(tag & 15, depth);
    if (tag < 0xc0) return this.text(tag & 31);
    if (tag >= 0xe0) return tag - 256;
    switch (tag) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return this.binary(this.size(1));
      case 0xc5: return this.binary(this.size(2));
      case 0xc6: return this.binary(this.size(4));
      case 0xca: return this.view.getFloat32(this.take(4));
      case 0xcb: return this.view.getFloat64(this.take(8));
      case 0xcc: return this.size(1);
      case 0xcd: return this.size(2);
      case 0xce: return this.size(4);
      case 0xcf: return this.wide(this.view.getBigUint64(this.take(8)));
      case 0xd0: return this.view.getInt8(this.take(1));
      case 0xd1: return this.view.getInt16(this.take(2));
      case 0xd2: return this.view.getInt32(this.take(4));
      case 0xd3: return this.wide(this.view.getBigInt64(this.take(8)));
      case 0xd9: return this.text(this.size(1));
      case 0xda: return this.text(this.size(2));
      case 0xdb: return this.text(this.size(4));
      case 0xdc: return this.list(this.size(2), depth);
      case 0xdd: return this.list(this.size(4), depth);
      case 0xde: return this.map(this.size(2), depth);
      case 0xdf: return this.map(this.size(4), depth);
      default: throw new Error('an extension type');
    }
  }
}

export function decode(bytes: Uint8Array): Value {
  const reader = new Reader(bytes);
  const value = reader.value();
  if (!reader.isAtEnd) throw new Error('something is behind the value');
  return value;
}

class Writer {
  private readonly bytes: number[] = [];

  get result(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }

  private number(tag: number, width: number, set: (view: DataView) => void): void {
    const room = new Uint8Array(width);
    set(new DataView(room.buffer));
    this.bytes.push(tag, ...room);
  }

  private head(count: number, short: number, shortMax: number, tags: [number, number, number]): void {
    if (count <= shortMax) this.bytes.push(short | count);
    else if (count < 256 && tags[0]) this.bytes.push(tags[0], count);
    else if (count < 65536) this.number(tags[1], 2, (view) => view.setUint16(0, count));
    else this.number(tags[2], 4, (view) => view.setUint32(0, count));
  }

  private push(bytes: Uint8Array): void {
    for (const byte of bytes) this.bytes.push(byte);
  }

  private integer(value: bigint): void {
    if (value >= 0n && value < 128n) this.bytes.push(Number(value));
    else if (value < 0n && value >= -32n) this.bytes.push(Number(value) + 256);
    else if (value >= 0n) this.number(0xcf, 8, (view) => view.setBigUint64(0, value));
    else this.number(0xd3, 8, (view) => view.setBigInt64(0, value));
  }

  value(value: Value): void {
    if (value === null) this.bytes.push(0xc0);
    else if (typeof value === 'boolean') this.bytes.push(value ? 0xc3 : 0xc2);
    else if (typeof value === 'number' && Number.isSafeInteger(value)) this.integer(BigInt(value));
    else if (typeof value === 'number') this.number(0xcb, 8, (view) => view.setFloat64(0, value));
    else if (typeof value === 'string') {
      const text = new TextEncoder().encode(value);
      this.head(text.length, 0xa0, 31, [0xd9, 0xda, 0xdb]);
      this.push(text);
    } else if (Array.isArray(value)) {
      this.head(value.length, 0x90, 15, [0, 0xdc, 0xdd]);
      value.forEach((item) => this.value(item));
    } else if (typeof value.$hex === 'string') {
      const data = fromHex(value.$hex);
      this.head(data.length, 0xc4, -1, [0xc4, 0xc5, 0xc6]);
      this.push(data);
    } else if (typeof value.$int === 'string') this.integer(BigInt(value.$int));
    else {
      const entries = Object.entries(value);
      this.head(entries.length, 0x80, 15, [0, 0xde, 0xdf]);
      for (const [key, item] of entries) {
        this.value(key);
        this.value(item);
      }
    }
  }
}

export function encode(value: Value): Uint8Array {
  const writer = new Writer();
  writer.value(value);
  return writer.result;
}
