internal import CMsgpack

/// A MessagePack value as libmsgpack reads it: the second opinion, which shares no line with the
/// reader in Wire. The door to that library.
///
/// Why unsafe: the library hands out pointers into a zone of its own and into the bytes that were
/// read. The bound: everything is copied out before either goes; counts are the library's own.
indirect enum Packed: Equatable {
    case null
    case boolean(Bool)
    case unsigned(UInt64)
    case negative(Int64)
    case double(Double)
    case text([UInt8])
    case bytes([UInt8])
    case custom(Int8, [UInt8])
    case array([Packed])
    /// Keys and values by turns.
    case map([Packed])

    /// The one value that takes up all of `bytes`; nil when they are anything else.
    static func read(_ bytes: [UInt8]) -> Packed? {
        // The library reserves what a header announces: no header may announce more than came.
        guard Packed.isHonest(bytes) else { return nil }
        return unsafe bytes.withUnsafeBufferPointer { buffer -> Packed? in
            guard let start = buffer.baseAddress else { return nil }
            var unpacked = unsafe msgpack_unpacked()
            unsafe msgpack_unpacked_init(&unpacked)
            defer { unsafe msgpack_unpacked_destroy(&unpacked) }
            var offset = 0
            let result = unsafe start.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
                unsafe msgpack_unpack_next(&unpacked, $0, buffer.count, &offset)
            }
            guard result == MSGPACK_UNPACK_SUCCESS, offset == buffer.count else { return nil }
            return unsafe Packed(unpacked.data)
        }
    }

    private init?(_ object: msgpack_object) {
        switch unsafe object.type {
        case MSGPACK_OBJECT_NIL: self = .null
        case MSGPACK_OBJECT_BOOLEAN: self = unsafe .boolean(object.via.boolean)
        case MSGPACK_OBJECT_POSITIVE_INTEGER: self = unsafe .unsigned(object.via.u64)
        case MSGPACK_OBJECT_NEGATIVE_INTEGER: self = unsafe .negative(object.via.i64)
        case MSGPACK_OBJECT_FLOAT32, MSGPACK_OBJECT_FLOAT64:
            self = unsafe .double(object.via.f64)
        case MSGPACK_OBJECT_STR:
            self = unsafe .text(Packed.copy(object.via.str.ptr, object.via.str.size))
        case MSGPACK_OBJECT_BIN:
            self = unsafe .bytes(Packed.copy(object.via.bin.ptr, object.via.bin.size))
        case MSGPACK_OBJECT_EXT:
            self = unsafe .custom(
                object.via.ext.type, Packed.copy(object.via.ext.ptr, object.via.ext.size))
        case MSGPACK_OBJECT_ARRAY:
            var elements: [Packed] = []
            for i in 0..<Int(unsafe object.via.array.size) {
                guard let element = unsafe Packed(object.via.array.ptr[i]) else { return nil }
                elements.append(element)
            }
            self = .array(elements)
        case MSGPACK_OBJECT_MAP:
            var entries: [Packed] = []
            for i in 0..<Int(unsafe object.via.map.size) {
                guard let key = unsafe Packed(object.via.map.ptr[i].key),
                    let value = unsafe Packed(object.via.map.ptr[i].val)
                else { return nil }
                entries += [key, value]
            }
            self = .map(entries)
        default: return nil
        }
    }

    private static func copy(_ start: UnsafePointer<CChar>?, _ count: UInt32) -> [UInt8] {
        guard let start = unsafe start else { return [] }
        return unsafe UnsafeBufferPointer(start: start, count: Int(count)).map {
            UInt8(bitPattern: $0)
        }
    }

    // MARK: What is announced

    /// Whether no array, map or run of bytes announces more than is there, nor nests too deep.
    static func isHonest(_ bytes: [UInt8]) -> Bool {
        var at = 0
        return skip(bytes, &at, depth: 0) && at == bytes.count
    }

    private static func skip(_ bytes: [UInt8], _ at: inout Int, depth: Int) -> Bool {
        guard at < bytes.count, depth < 80 else { return false }
        let head = bytes[at]
        at += 1
        func number(_ width: Int) -> Int? {
            guard bytes.count - at >= width else { return nil }
            var n = 0
            for _ in 0..<width {
                n = n << 8 | Int(bytes[at])
                at += 1
            }
            return n
        }
        func jump(_ count: Int?) -> Bool {
            guard let count, bytes.count - at >= count else { return false }
            at += count
            return true
        }
        func each(_ count: Int?, _ times: Int) -> Bool {
            guard let count, count * times <= bytes.count - at else { return false }
            for _ in 0..<count * times where !skip(bytes, &at, depth: depth + 1) { return false }
            return true
        }
        switch head {
        case 0x00...0x7f, 0xe0...0xff, 0xc0, 0xc2, 0xc3: return true
        case 0x80...0x8f: return each(Int(head & 15), 2)
        case 0x90...0x9f: return each(Int(head & 15), 1)
        case 0xa0...0xbf: return jump(Int(head & 31))
        case 0xc4, 0xd9: return jump(number(1))
        case 0xc5, 0xda: return jump(number(2))
        case 0xc6, 0xdb: return jump(number(4))
        case 0xc7: return jump(number(1).map { $0 + 1 })
        case 0xc8: return jump(number(2).map { $0 + 1 })
        case 0xc9: return jump(number(4).map { $0 + 1 })
        case 0xca, 0xce, 0xd2: return jump(4)
        case 0xcb, 0xcf, 0xd3: return jump(8)
        case 0xcc, 0xd0: return jump(1)
        case 0xcd, 0xd1: return jump(2)
        case 0xd4...0xd8: return jump(1 + 1 << Int(head - 0xd4))
        case 0xdc: return each(number(2), 1)
        case 0xdd: return each(number(4), 1)
        case 0xde: return each(number(2), 2)
        case 0xdf: return each(number(4), 2)
        default: return false
        }
    }
}
