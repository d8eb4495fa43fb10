import Foundation

@testable import Node

/// A folder for a test's store, gone with the test.
final class StoreFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: url.path)
        try? FileManager.default.removeItem(at: url)
    }

    var file: String { url.appending(path: "live.store").path }
    func file(_ name: String) -> String { url.appending(path: name).path }
}
