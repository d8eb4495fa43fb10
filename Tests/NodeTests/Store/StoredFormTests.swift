import Hub
import Testing
import Wire

@testable import Node

/// How what is stored is written: it comes back as it was, and what a disk made of it is refused
/// without a trap.
@Suite("Stored forms") struct StoredFormTests {
    private func forms(_ write: TopicWrite) -> [[UInt8]] {
        var writer = Writer()
        var forms: [[UInt8]] = []
        func take(_ pack: (inout Writer) -> Void) {
            writer.clear()
            pack(&writer)
            forms.append(writer.bytes())
        }
        take { $0.pack(write.records) }
        if let checkpoint = write.checkpoint { take { $0.pack(checkpoint) } }
        for name in write.names { take { $0.pack(name) } }
        for letter in write.deadLetters { take { $0.pack(letter) } }
        return forms
    }

    /// Reads bytes as each of the forms; how many took them.
    private func read(_ bytes: [UInt8]) -> Int {
        var taken = 0
        var records = MessagePackReader(stored: bytes.span)
        if (try? records.readRecords()) != nil { taken += 1 }
        var checkpoint = MessagePackReader(stored: bytes.span)
        if let read = try? checkpoint.readCheckpoint() {
            taken += 1
            _ = Document(read.document)
        }
        var name = MessagePackReader(stored: bytes.span)
        if (try? name.readState(of: "n")) != nil { taken += 1 }
        var letter = MessagePackReader(stored: bytes.span)
        if (try? letter.readLetter()) != nil { taken += 1 }
        return taken
    }

    @Test("Any byte may be another, or missing: that is refused or another value, never a trap")
    func mutations() {
        var life = StoreLife(seed: 31)
        var chance = SeededGenerator(seed: 8)
        var whole = 0
        var refused = 0
        for _ in 0..<60 {
            let commit = life.commit()
            life.keep(commit)
            for form in commit.writes.flatMap({ forms($0) }) {
                if read(form) > 0 { whole += 1 }
                for _ in 0..<8 {
                    var bytes = form
                    let place = Int.random(in: 0..<bytes.count, using: &chance)
                    if Bool.random(using: &chance) {
                        bytes[place] = UInt8.random(in: 0...255, using: &chance)
                    } else {
                        bytes.removeSubrange(place...)
                    }
                    if read(bytes) == 0 { refused += 1 }
                }
            }
        }
        #expect(whole > 100)
        #expect(refused > 500)
    }

    @Test("A checksum changes with every bit, with the place, and with the topic")
    func checksums() {
        let bytes: [UInt8] = Array(0..<37)
        var sums: Set<UInt64> = [Checksum.of(bytes.span, topic: 1, place: 1)]
        for i in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[i] ^= 1 << bit
                sums.insert(Checksum.of(other.span, topic: 1, place: 1))
            }
        }
        for length in 0..<37 {
            sums.insert(Checksum.of(Array(bytes[..<length]).span, topic: 1, place: 1))
        }
        sums.insert(Checksum.of(bytes.span, topic: 2, place: 1))
        sums.insert(Checksum.of(bytes.span, topic: 1, place: 2))
        #expect(sums.count == 1 + 37 * 8 + 37 + 2)
    }
}
