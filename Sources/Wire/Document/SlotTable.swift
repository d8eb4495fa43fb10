/// A hash table from a hash to small numbers, open addressing with linear probing; who uses it
/// keeps the things themselves in an array and compares them.
///
/// Each slot holds the upper half of the hash and the number plus one, so a look-up reads one
/// word per probe and growing never needs the things. Removal shifts back what follows, so there
/// are no graves to clean. The order of slots is never visible.
struct SlotTable: Sendable {
    private var slots: [UInt64] = []
    private var used = 0

    private var mask: Int { slots.count &- 1 }

    @inline(__always)
    private func home(_ hash: UInt32) -> Int { Int(hash) & mask }

    /// The number stored under `hash` for which `matches` says yes, or nil.
    @inline(__always)
    func find(_ hash: UInt32, where matches: (Int32) -> Bool) -> Int32? {
        if slots.isEmpty { return nil }
        var i = home(hash)
        while true {
            let slot = slots[i]
            if slot == 0 { return nil }
            if UInt32(truncatingIfNeeded: slot >> 32) == hash {
                let number = Int32(truncatingIfNeeded: slot & 0xffff_ffff) &- 1
                if matches(number) { return number }
            }
            i = (i &+ 1) & mask
        }
    }

    mutating func insert(_ hash: UInt32, _ number: Int32) {
        if (used + 1) * 4 > slots.count * 3 { grow() }
        place(UInt64(hash) << 32 | UInt64(UInt32(number + 1)))
        used += 1
    }

    private mutating func place(_ slot: UInt64) {
        var i = home(UInt32(slot >> 32))
        while slots[i] != 0 { i = (i &+ 1) & mask }
        slots[i] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: max(8, old.count * 2))
        for slot in old where slot != 0 { place(slot) }
    }

    mutating func remove(_ hash: UInt32, _ number: Int32) {
        guard !slots.isEmpty else { return }
        let wanted = UInt64(hash) << 32 | UInt64(UInt32(number + 1))
        var hole = home(hash)
        while slots[hole] != wanted {
            if slots[hole] == 0 { return }
            hole = (hole &+ 1) & mask
        }
        used -= 1
        // Whoever follows and could stand in the hole moves into it, and leaves a hole itself.
        var i = hole
        while true {
            i = (i &+ 1) & mask
            let slot = slots[i]
            if slot == 0 { break }
            let start = home(UInt32(slot >> 32))
            if (i &- start) & mask >= (i &- hole) & mask {
                slots[hole] = slot
                hole = i
            }
        }
        slots[hole] = 0
    }
}

/// Mixes two words into a hash that nobody predicts who does not know the seed.
@inline(__always)
func mixed(_ a: UInt64, _ b: UInt64, seed: UInt64) -> UInt32 {
    let first = (a ^ seed).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    let second = (b ^ first.high ^ first.low).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
    return UInt32(truncatingIfNeeded: second.high ^ second.low)
}
