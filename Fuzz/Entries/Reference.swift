import CMsgpack
import Wire

/// msgpack-c, the reference implementation, on Wire's values; the only file that calls it.
///
/// Why unsafe: it hands out trees of C structures. The bound: pointers are followed only within
/// the counts that stand beside them, and only while the unpacked result lives.
enum Reference {
    enum Outcome: Equatable {
        case value(Value)
        /// Not MessagePack, more than one value, or what Wire refuses by its own rules.
        case refused
        /// It keeps a stack of 32 levels.
        case tooDeepForIt
    }

    static func decode(_ input: [UInt8]) -> Outcome {
        var result = unsafe msgpack_unpacked()
        unsafe msgpack_unpacked_init(&result)
        defer { unsafe msgpack_unpacked_destroy(&result) }
        var offset = 0
        let status = unsafe input.withUnsafeBytes { raw in
            unsafe msgpack_unpack_next(
                &result, raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count, &offset)
        }
        if status == MSGPACK_UNPACK_NOMEM_ERROR { return .tooDeepForIt }
        guard status == MSGPACK_UNPACK_SUCCESS, offset == input.count else {
            return levels(input) > 30 ? .tooDeepForIt : .refused
        }
        return unsafe value(result.data).map { .value($0) } ?? .refused
    }

    /// At least as many levels as there are: the bytes that could open one.
    private static func levels(_ input: [UInt8]) -> Int {
        input.count { $0 >= 0x80 && $0 < 0xa0 || $0 >= 0xdc && $0 <= 0xdf }
    }

    private static func value(_ object: msgpack_object) -> Value? {
        switch unsafe object.type {
        case MSGPACK_OBJECT_NIL: return .null
        case MSGPACK_OBJECT_BOOLEAN: return unsafe .boolean(object.via.boolean)
        case MSGPACK_OBJECT_POSITIVE_INTEGER: return unsafe .unsigned(object.via.u64)
        case MSGPACK_OBJECT_NEGATIVE_INTEGER: return unsafe .integer(object.via.i64)
        case MSGPACK_OBJECT_FLOAT32, MSGPACK_OBJECT_FLOAT64: return unsafe .double(object.via.f64)
        case MSGPACK_OBJECT_STR:
            let text = unsafe object.via.str
            let content = unsafe bytes(text.ptr, Int(text.size))
            return Text(utf8: content.span).map { .text($0) }
        case MSGPACK_OBJECT_BIN:
            let bin = unsafe object.via.bin
            return unsafe .bytes(bytes(bin.ptr, Int(bin.size)))
        case MSGPACK_OBJECT_EXT:
            let ext = unsafe object.via.ext
            let data = unsafe bytes(ext.ptr, Int(ext.size))
            if let custom = unsafe Custom(type: ext.type, data: data) { return .custom(custom) }
            return time(data).map { .time($0) }
        case MSGPACK_OBJECT_ARRAY:
            let array = unsafe object.via.array
            var elements: [Value] = []
            for i in 0..<Int(unsafe array.size) {
                guard let element = unsafe value(array.ptr[i]) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        case MSGPACK_OBJECT_MAP:
            let map = unsafe object.via.map
            var entries: [Map.Entry] = []
            for i in 0..<Int(unsafe map.size) {
                guard case .text(let key)? = unsafe value(map.ptr[i].key),
                    let value = unsafe value(map.ptr[i].val)
                else { return nil }
                entries.append(Map.Entry(key: key, value: value))
            }
            return Map(entries).map { .map($0) }
        default: return nil
        }
    }

    private static func bytes(_ start: UnsafePointer<CChar>?, _ count: Int) -> [UInt8] {
        unsafe UnsafeRawBufferPointer(start: start, count: count).map { $0 }
    }

    private static func time(_ data: [UInt8]) -> WallTime? {
        func word(_ range: Range<Int>) -> UInt64 {
            data[range].reduce(0) { $0 << 8 | UInt64($1) }
        }
        let seconds: Int64
        let nanoseconds: UInt64
        switch data.count {
        case 4: (seconds, nanoseconds) = (Int64(word(0..<4)), 0)
        case 8: (seconds, nanoseconds) = (Int64(word(0..<8) & 0x3_ffff_ffff), word(0..<8) >> 34)
        case 12: (seconds, nanoseconds) = (Int64(bitPattern: word(4..<12)), word(0..<4))
        default: return nil
        }
        guard nanoseconds < 1_000_000_000 else { return nil }
        return WallTime(seconds: seconds, nanoseconds: UInt32(nanoseconds))
    }

    // MARK: Writing

    static func encode(_ value: Value) -> [UInt8] {
        var buffer = unsafe msgpack_sbuffer()
        unsafe msgpack_sbuffer_init(&buffer)
        defer { unsafe msgpack_sbuffer_destroy(&buffer) }
        unsafe withUnsafeMutablePointer(to: &buffer) { target in
            var packer = unsafe msgpack_packer()
            unsafe msgpack_packer_init(&packer, target, msgpack_sbuffer_write)
            unsafe pack(value, &packer)
        }
        return unsafe bytes(buffer.data, buffer.size)
    }

    private static func pack(_ value: Value, _ packer: inout msgpack_packer) {
        switch value {
        case .null: unsafe msgpack_pack_nil(&packer)
        case .boolean(true): unsafe msgpack_pack_true(&packer)
        case .boolean(false): unsafe msgpack_pack_false(&packer)
        case .number(let number):
            if let n = number.uint64 {
                unsafe msgpack_pack_uint64(&packer, n)
            } else if let n = number.int64 {
                unsafe msgpack_pack_int64(&packer, n)
            } else if Double(Float(number.double)) == number.double {
                unsafe msgpack_pack_float(&packer, Float(number.double))
            } else {
                unsafe msgpack_pack_double(&packer, number.double)
            }
        case .text(let text): unsafe pack(text, &packer)
        case .bytes(let bytes): unsafe msgpack_pack_bin_with_body(&packer, bytes, bytes.count)
        case .custom(let custom):
            unsafe msgpack_pack_ext_with_body(
                &packer, custom.data, custom.data.count, custom.type)
        case .time(let time):
            var stamp = msgpack_timestamp(tv_sec: time.seconds, tv_nsec: time.nanoseconds)
            unsafe msgpack_pack_timestamp(&packer, &stamp)
        case .array(let elements):
            unsafe msgpack_pack_array(&packer, elements.count)
            for element in elements { unsafe pack(element, &packer) }
        case .map(let map):
            unsafe msgpack_pack_map(&packer, map.count)
            for entry in map.entries {
                unsafe pack(entry.key, &packer)
                unsafe pack(entry.value, &packer)
            }
        }
    }

    private static func pack(_ text: Text, _ packer: inout msgpack_packer) {
        let bytes = text.utf8
        unsafe msgpack_pack_str_with_body(&packer, bytes, bytes.count)
    }
}
