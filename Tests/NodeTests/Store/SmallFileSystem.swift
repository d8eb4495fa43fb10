import Foundation

/// A file system of so many kilobytes, in memory, gone with this object.
final class SmallFileSystem {
    let folder: String

    struct Refused: Error {}

    static let isPossible = (try? SmallFileSystem(kilobytes: 64)) != nil

    init(kilobytes: Int) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "small-\(UUID())").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let words = ["-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", folder]
        guard SmallFileSystem.run("/usr/bin/mount", words) == 0 else {
            try? FileManager.default.removeItem(atPath: folder)
            throw Refused()
        }
    }

    func turnReadOnly() throws {
        let words = ["-o", "remount,ro", folder]
        guard SmallFileSystem.run("/usr/bin/mount", words) == 0 else { throw Refused() }
    }

    deinit {
        _ = SmallFileSystem.run("/usr/bin/umount", ["-l", folder])
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func run(_ program: String, _ words: [String]) -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
