internal import CLinux
internal import Wire

/// What this process asks of the system: files, its terminal, its limits, its own use. The
/// probe's one door to C beside the signing of tokens.
enum Process {
    /// Why a file could not be read or written.
    struct FileError: Error, Equatable {
        let path: String
        let code: Int32

        var reason: String {
            switch code {
            case 2: "there is no such file"
            case 13: "it may not be opened"
            case 21: "it is a folder"
            case 28: "the disk is full"
            default: "system error \(code)"
            }
        }
    }

    enum Stream: Int32 {
        case output = 1
        case error = 2
    }

    static func write(_ text: String, to stream: Stream = .output) {
        _ = write([UInt8](text.utf8), to: stream.rawValue)
    }

    /// Nil when all was written, else the system's code.
    private static func write(_ bytes: [UInt8], to file: Int32) -> Int32? {
        var at = 0
        while at < bytes.count {
            let count = fc_file_write(file, bytes.span.extracting(at...))
            if count <= 0 { return Int32(truncatingIfNeeded: -count) }
            at += Int(count)
        }
        return nil
    }

    /// A whole file; more than 16 MiB is none of ours.
    static func read(_ path: String) throws(FileError) -> [UInt8] {
        let file = fc_file_open([UInt8](path.utf8).span, 0)
        guard file >= 0 else { throw FileError(path: path, code: -file) }
        defer { _ = fc_close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 1 << 24 {
            var span = buffer.mutableSpan
            let count = fc_file_read(file, &span)
            if count < 0 { throw FileError(path: path, code: Int32(truncatingIfNeeded: -count)) }
            if count == 0 { break }
            bytes += buffer[..<Int(count)]
        }
        return bytes
    }

    static func write(_ bytes: [UInt8], toFile path: String) throws(FileError) {
        let file = fc_file_open([UInt8](path.utf8).span, 1)
        guard file >= 0 else { throw FileError(path: path, code: -file) }
        defer { _ = fc_close(file) }
        if let code = write(bytes, to: file) { throw FileError(path: path, code: code) }
    }

    /// The size of the terminal behind a stream; nil when there is none.
    static func terminal(_ stream: Stream) -> (columns: Int, rows: Int)? {
        let size = fc_terminal_size(stream.rawValue)
        return size < 0 ? nil : (Int(size >> 16), Int(size & 0xffff))
    }

    static var wallTime: WallTime {
        let time = fc_wall_nanoseconds()
        return WallTime(
            seconds: Int64(time / 1_000_000_000), nanoseconds: UInt32(time % 1_000_000_000))
    }

    /// Processor time used so far.
    static var cpuTime: Interval { Interval(nanoseconds: fc_cpu_nanoseconds()) }

    /// How many descriptors may be open; raised as far as this user may.
    static func descriptorLimit() -> Int { Int(max(fc_descriptor_limit(), 0)) }

    /// From here on an interrupt is only noted, so that what was measured can be told.
    static func noteInterrupts() { _ = fc_note_interrupts() }
    static var isInterrupted: Bool { fc_interrupted() != 0 }

    static func exit(_ status: Int32) -> Never { fc_exit(status) }
}
