import CMsgpack
import Wire

/// The peer: msgpack-c's packer, from Wire's values into an sbuffer that is used again.
///
/// Its rules: it writes the same bytes as ours (a test compares them), so keys stay in their order
/// and a double that a float holds is packed as one; text is handed over where it stands, without
/// a copy of its own.
@safe
final class MsgpackEncoder {
    // Only this object has the buffer, and the packer points at it; both live as long as it does.
    // They are no variables of the class, whose every access would be checked for exclusivity.
    private let buffer = UnsafeMutablePointer<msgpack_sbuffer>.allocate(capacity: 1)
    private let packer = UnsafeMutablePointer<msgpack_packer>.allocate(capacity: 1)

    init() {
        unsafe msgpack_sbuffer_init(buffer)
        unsafe msgpack_packer_init(packer, buffer, msgpack_sbuffer_write)
    }

    deinit {
        unsafe msgpack_sbuffer_destroy(buffer)
        unsafe buffer.deallocate()
        unsafe packer.deallocate()
    }

    func encode(_ value: Value) {
        unsafe msgpack_sbuffer_clear(buffer)
        unsafe pack(value, into: packer)
        consume(unsafe buffer.pointee.size)
    }

    /// What was encoded last.
    var bytes: [UInt8] {
        guard let data = unsafe buffer.pointee.data else { return [] }
        let count = unsafe buffer.pointee.size
        return unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: count))
    }
}

@unsafe
private func pack(_ value: Value, into packer: UnsafeMutablePointer<msgpack_packer>) {
    switch value {
    case .null: _ = unsafe msgpack_pack_nil(packer)
    case .boolean(true): _ = unsafe msgpack_pack_true(packer)
    case .boolean(false): _ = unsafe msgpack_pack_false(packer)
    case .number(let number): unsafe pack(number, into: packer)
    case .text(let text): unsafe pack(text, into: packer)
    case .array(let elements):
        _ = unsafe msgpack_pack_array(packer, elements.count)
        for element in elements { unsafe pack(element, into: packer) }
    case .map(let map):
        // Through a span, which needs no reference counts.
        let entries = map.entries.span
        _ = unsafe msgpack_pack_map(packer, entries.count)
        for i in entries.indices {
            unsafe pack(entries[i].key, into: packer)
            unsafe pack(entries[i].value, into: packer)
        }
    case .bytes, .time, .custom: preconditionFailure("the fixture holds none")
    }
}

@unsafe
private func pack(_ number: Number, into packer: UnsafeMutablePointer<msgpack_packer>) {
    if let integer = number.int64 {
        _ = unsafe msgpack_pack_int64(packer, integer)
    } else if let integer = number.uint64 {
        _ = unsafe msgpack_pack_uint64(packer, integer)
    } else {
        let double = number.double
        let float = Float(double)
        if Double(float) == double {
            _ = unsafe msgpack_pack_float(packer, float)
        } else {
            _ = unsafe msgpack_pack_double(packer, double)
        }
    }
}

@unsafe
private func pack(_ text: Text, into packer: UnsafeMutablePointer<msgpack_packer>) {
    text.withUTF8 { utf8 in
        _ = unsafe msgpack_pack_str(packer, utf8.count)
        unsafe utf8.withUnsafeBytes { bytes in
            _ = unsafe msgpack_pack_str_body(packer, bytes.baseAddress, bytes.count)
        }
    }
}
