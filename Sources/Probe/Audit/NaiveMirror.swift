/// A second mirror of one subscription in MessagePack, as simple as can be: fields in a
/// dictionary, every hash computed anew. It knows the protocol from its description and shares
/// nothing with Wire, so that a mistake there cannot hide itself.
///
/// A field's key is its path as the hash wants it, each name with its length before it:
///
///     ["cpu", "load"]  →  00 00 00 03 "cpu" 00 00 00 04 "load"
///
/// so what stands beneath a place begins with the place's own key. Its value is kept as the bytes
/// that the hash wants, too.
struct NaiveMirror {
    private var fields: [[UInt8]: [UInt8]] = [:]
    private var names: [UInt64: [UInt8]] = [:]
    private(set) var version: UInt64 = 0
    /// A diff began above what is held, or nothing is held yet: a snapshot or an earlier diff is
    /// awaited.
    private var isWhole = false

    /// What was found wrong, by what it says of itself.
    enum Verdict: Equatable {
        case nothing
        /// The server's hash at the version held, and whether it is this mirror's.
        case compared(Bool)
        /// The bytes are no message as described.
        case nonsense
    }

    mutating func received(_ bytes: [UInt8]) -> Verdict {
        guard case .array(let parts)? = Packed.read(bytes), case .unsigned(let code)? = parts.first
        else { return .nonsense }
        switch code {
        case 10: return snapshot(parts) ? verdict(hash: part(parts, 6)) : .nonsense
        case 11: return diff(parts) ? .nothing : .nonsense
        case 23:
            guard case .unsigned(let at)? = part(parts, 2), at == version, isWhole else {
                return .nothing
            }
            return verdict(hash: part(parts, 3))
        default: return .nothing
        }
    }

    private func part(_ parts: [Packed], _ place: Int) -> Packed? {
        place < parts.count && parts[place] != .null ? parts[place] : nil
    }

    private func verdict(hash: Packed?) -> Verdict {
        guard case .text(let hex)? = hash else { return .nothing }
        return .compared(hex == [UInt8](NaiveMirror.hex(self.hash).utf8))
    }

    // MARK: Messages

    /// [10, view, epoch, version, document, part, hash, names]
    private mutating func snapshot(_ parts: [Packed]) -> Bool {
        guard case .unsigned(let version)? = part(parts, 3), case .map(let map)? = part(parts, 4)
        else { return false }
        if part(parts, 5) == nil {
            fields = [:]
            names = [:]
        }
        self.version = version
        isWhole = part(parts, 6) != nil
        return lay(map, at: []) && define(part(parts, 7))
    }

    /// [11, view, to, to - from, sets, unsets, names]
    private mutating func diff(_ parts: [Packed]) -> Bool {
        guard case .unsigned(let to)? = part(parts, 2), case .unsigned(let step)? = part(parts, 3),
            step <= to, case .array(let sets)? = part(parts, 4), sets.count % 2 == 0
        else { return false }
        guard isWhole, to > version, to - step <= version else { return true }
        guard define(part(parts, 6)) else { return false }
        if case .array(let unsets)? = part(parts, 5) {
            for unset in unsets {
                guard let key = key(unset) else { return false }
                remove(at: key)
            }
        }
        for i in stride(from: 0, to: sets.count, by: 2) {
            guard let key = key(sets[i]), let value = NaiveMirror.canonical(sets[i + 1]) else {
                return false
            }
            set(key, value)
        }
        version = to
        return true
    }

    private mutating func define(_ list: Packed?) -> Bool {
        guard let list else { return true }
        guard case .array(let flat) = list, flat.count % 2 == 0 else { return false }
        for i in stride(from: 0, to: flat.count, by: 2) {
            guard case .unsigned(let alias) = flat[i], case .text(let name) = flat[i + 1] else {
                return false
            }
            names[alias] = name
        }
        return true
    }

    /// A path: a name or an alias, or a list of them.
    private func key(_ path: Packed) -> [UInt8]? {
        var segments: [Packed] = [path]
        if case .array(let list) = path { segments = list }
        var key: [UInt8] = []
        for segment in segments {
            switch segment {
            case .text(let name): key += NaiveMirror.prefixed(name)
            case .unsigned(let alias):
                guard let name = names[alias] else { return nil }
                key += NaiveMirror.prefixed(name)
            default: return nil
            }
        }
        return key
    }

    // MARK: Fields

    private mutating func lay(_ map: [Packed], at key: [UInt8]) -> Bool {
        for i in stride(from: 0, to: map.count, by: 2) {
            guard case .text(let name) = map[i] else { return false }
            let inner = key + NaiveMirror.prefixed(name)
            if case .map(let beneath) = map[i + 1], !beneath.isEmpty {
                guard lay(beneath, at: inner) else { return false }
            } else {
                guard let value = NaiveMirror.canonical(map[i + 1]) else { return false }
                set(inner, value)
            }
        }
        return true
    }

    private mutating func remove(at key: [UInt8]) {
        for other in fields.keys.filter({ $0.starts(with: key) }) { fields[other] = nil }
    }

    private mutating func set(_ key: [UInt8], _ value: [UInt8]) {
        if fields[key] == nil {
            remove(at: key)
            // A field above gives its place up: every beginning of the key at a name's end.
            var at = 0
            while at + 4 <= key.count {
                let length = key[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
                at += 4 + length
                if at < key.count { fields[Array(key[..<at])] = nil }
            }
        }
        fields[key] = value
    }

    // MARK: The hash

    var hash: (UInt32, UInt32) {
        var sum: (UInt32, UInt32) = (0, 0)
        for (key, value) in fields {
            sum.0 &+= NaiveMirror.murmur(key + value, seed: 0x9747_b28c)
            sum.1 &+= NaiveMirror.murmur(key + value, seed: 0x2545_f491)
        }
        return sum
    }

    /// Both lanes as one word, as Wire has it.
    var word: UInt64 { UInt64(hash.0) << 32 | UInt64(hash.1) }

    private static func hex(_ hash: (UInt32, UInt32)) -> String {
        func lane(_ n: UInt32) -> String {
            let text = String(n, radix: 16)
            return String(repeating: "0", count: 8 - text.count) + text
        }
        return lane(hash.0) + lane(hash.1)
    }

    /// MurmurHash3 for x86, 32 bits.
    static func murmur(_ bytes: [UInt8], seed: UInt32) -> UInt32 {
        var h = seed
        func scramble(_ block: UInt32) -> UInt32 {
            let k = block &* 0xcc9e_2d51
            return (k << 15 | k >> 17) &* 0x1b87_3593
        }
        var at = 0
        while at + 4 <= bytes.count {
            let block =
                UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16
                | UInt32(bytes[at + 3]) << 24
            h ^= scramble(block)
            h = (h << 13 | h >> 19) &* 5 &+ 0xe654_6b64
            at += 4
        }
        var tail: UInt32 = 0
        for (i, byte) in bytes[at...].enumerated() { tail |= UInt32(byte) << UInt32(i * 8) }
        h ^= scramble(tail)
        h ^= UInt32(truncatingIfNeeded: bytes.count)
        h = (h ^ h >> 16) &* 0x85eb_ca6b
        h = (h ^ h >> 13) &* 0xc2b2_ae35
        return h ^ h >> 16
    }

    private static func big(_ n: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: n >> UInt64((width - 1 - $0) * 8)) }
    }

    private static func prefixed(_ bytes: [UInt8]) -> [UInt8] {
        big(UInt64(bytes.count), 4) + bytes
    }

    /// The bytes of a value as the hash wants them; nil for what no field can hold.
    private static func canonical(_ value: Packed) -> [UInt8]? {
        switch value {
        case .null: return [0xc0]
        case .boolean(let flag): return [flag ? 0xc3 : 0xc2]
        case .unsigned(let n):
            let double = Double(n)
            return UInt64(exactly: double) == n ? number(double) : digits(String(n))
        case .negative(let n):
            let double = Double(n)
            return Int64(exactly: double) == n ? number(double) : digits(String(n))
        case .double(let x): return x.isFinite ? number(x) : nil
        case .text(let text): return [0xdb] + prefixed(text)
        case .bytes(let bytes): return [0xc6] + prefixed(bytes)
        case .custom(-1, let data): return time(data)
        case .custom(let type, let data):
            return [0xc9, UInt8(bitPattern: type)] + prefixed(data)
        case .array(let elements):
            var bytes = [0xdd] + big(UInt64(elements.count), 4)
            for element in elements {
                guard let inner = canonical(element) else { return nil }
                bytes += inner
            }
            return bytes
        case .map(let flat): return map(flat)
        }
    }

    private static func number(_ x: Double) -> [UInt8] {
        [0xcb] + big((x == 0 ? 0.0 : x).bitPattern, 8)
    }

    private static func digits(_ text: String) -> [UInt8] { [0xcf] + prefixed([UInt8](text.utf8)) }

    private static func time(_ data: [UInt8]) -> [UInt8]? {
        let word = data.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        switch data.count {
        case 4: return [0xd7] + big(word, 8) + big(0, 4)
        case 8: return [0xd7] + big(word & (1 << 34 - 1), 8) + big(word >> 34, 4)
        // The reduction above has shifted the nanoseconds out; the seconds are what is left.
        case 12: return [0xd7] + big(word, 8) + data[..<4]
        default: return nil
        }
    }

    private static func map(_ flat: [Packed]) -> [UInt8]? {
        var entries: [(name: [UInt8], value: [UInt8])] = []
        for i in stride(from: 0, to: flat.count, by: 2) {
            guard case .text(let name) = flat[i], let value = canonical(flat[i + 1]) else {
                return nil
            }
            entries.append((name, value))
        }
        entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
        var bytes = [0xdf] + big(UInt64(entries.count), 4)
        for entry in entries { bytes += prefixed(entry.name) + entry.value }
        return bytes
    }
}
