import CMsgpack
import Wire

/// The peer: msgpack-c's unpacker into its own objects, and from those into Wire's values.
///
/// Its rules: the zone in which it puts its objects is cleared and used again, which is its fastest
/// way; text is made and checked by the same initialiser that is public to everybody, and a map
/// from entries that are in order.
@safe
final class MsgpackDecoder {
    struct Refused: Error {}

    // Only this object has the zone, and no object that msgpack-c put there outlives `decode`.
    private let zone = UnsafeMutablePointer<msgpack_zone>.allocate(capacity: 1)

    init() {
        let made = unsafe msgpack_zone_init(zone, Int(MSGPACK_ZONE_CHUNK_SIZE))
        precondition(made, "out of memory")
    }

    deinit {
        unsafe msgpack_zone_destroy(zone)
        unsafe zone.deallocate()
    }

    func decode(_ bytes: [UInt8]) throws(Refused) -> Value {
        unsafe msgpack_zone_clear(zone)
        var offset = 0
        var object = unsafe msgpack_object()
        let result = unsafe bytes.withUnsafeBytes { input in
            unsafe msgpack_unpack(
                input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count, &offset, zone,
                &object)
        }
        guard result == MSGPACK_UNPACK_SUCCESS else { throw Refused() }
        return try unsafe value(of: object)
    }

    @unsafe
    private func value(of object: msgpack_object) throws(Refused) -> Value {
        switch unsafe object.type {
        case MSGPACK_OBJECT_NIL: return .null
        case MSGPACK_OBJECT_BOOLEAN: return .boolean(unsafe object.via.boolean)
        case MSGPACK_OBJECT_POSITIVE_INTEGER: return .number(Number(unsafe object.via.u64))
        case MSGPACK_OBJECT_NEGATIVE_INTEGER: return .number(Number(unsafe object.via.i64))
        case MSGPACK_OBJECT_FLOAT32, MSGPACK_OBJECT_FLOAT64:
            guard let number = unsafe Number(object.via.f64) else { throw Refused() }
            return .number(number)
        case MSGPACK_OBJECT_STR: return .text(try unsafe text(of: object.via.str))
        case MSGPACK_OBJECT_ARRAY:
            let array = unsafe UnsafeBufferPointer(
                start: object.via.array.ptr, count: Int(object.via.array.size))
            var elements: [Value] = []
            elements.reserveCapacity(array.count)
            for i in 0..<array.count { elements.append(try unsafe value(of: array[i])) }
            return .array(elements)
        case MSGPACK_OBJECT_MAP:
            let map = unsafe UnsafeBufferPointer(
                start: object.via.map.ptr, count: Int(object.via.map.size))
            var entries: [Map.Entry] = []
            entries.reserveCapacity(map.count)
            for i in 0..<map.count {
                guard unsafe map[i].key.type == MSGPACK_OBJECT_STR else { throw Refused() }
                entries.append(
                    Map.Entry(
                        key: try unsafe text(of: map[i].key.via.str),
                        value: try unsafe value(of: map[i].val)))
            }
            guard let whole = Map(entries) else { throw Refused() }
            return .map(whole)
        default: throw Refused()
        }
    }

    @unsafe
    private func text(of string: msgpack_object_str) throws(Refused) -> Text {
        let bytes = unsafe UnsafeRawBufferPointer(start: string.ptr, count: Int(string.size))
        let span = unsafe Span<UInt8>(_bytes: bytes.bytes)
        guard let text = Text(utf8: span) else { throw Refused() }
        return text
    }
}
