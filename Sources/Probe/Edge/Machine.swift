internal import CLinux
internal import Transport
internal import Wire

/// What the probe asks of the machine beside its sockets: the terminal, its own limits and use.
/// The door to C for that.
enum Machine {
    /// The size of the terminal behind a stream; nil when there is none.
    static func terminal(_ stream: Process.Stream) -> (columns: Int, rows: Int)? {
        let size = fc_terminal_size(stream.rawValue)
        return size < 0 ? nil : (Int(size >> 16), Int(size & 0xffff))
    }

    /// Processor time used so far.
    static var cpuTime: Interval { Interval(nanoseconds: fc_cpu_nanoseconds()) }

    /// Memory of a process that is really there; nil where the system does not tell.
    static func residentBytes(of process: String = "self") -> UInt64? {
        let words = text("/proc/\(process)/statm").split(separator: " ")
        return words.count > 1 ? UInt64(words[1]).map { $0 * 4096 } : nil
    }

    /// How many descriptors may be open; raised as far as this user may.
    static func descriptorLimit() -> Int { Int(max(fc_descriptor_limit(), 0)) }

    /// From here on an interrupt is only noted, so that what was measured can be told.
    static func noteInterrupts() { _ = fc_note_interrupts() }
    static var isInterrupted: Bool { fc_interrupted() != 0 }

    /// Writes a file whole.
    static func write(_ bytes: [UInt8], toFile path: String) throws(UsageError) {
        let result = fc_write_file([UInt8](path.utf8).span, bytes.span)
        if result < 0 { throw UsageError("\(path): \(reason(-result))") }
    }

    static func read(_ path: String) throws(UsageError) -> [UInt8] {
        do throws(Errno) {
            return try Process.read(path)
        } catch {
            throw UsageError("\(path): \(reason(error.code))")
        }
    }

    /// A file of the system's own, as text; empty where it is not there.
    static func text(_ path: String) -> String {
        (try? read(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func reason(_ code: Int32) -> String {
        switch code {
        case 2: "there is no such file"
        case 13: "permission denied"
        case 21: "it is a folder"
        case 27: "it is too long"
        case 28: "the disk is full"
        default: "system error \(code)"
        }
    }
}
