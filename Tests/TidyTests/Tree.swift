import Foundation

/// One text file of the repository.
struct TextFile {
    /// From the root of the repository: `Sources/Wire/Instant.swift`.
    var path: String
    var lines: [String]
    /// For Swift, `lines` with comments and the insides of strings blanked; else the same.
    var codeLines: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if path.hasSuffix(".swift") {
            codeLines = SwiftText.code(of: text)
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        } else {
            codeLines = lines
        }
    }

    var name: String { String(path.split(separator: "/").last ?? "") }
    var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }
    var isSwift: Bool { path.hasSuffix(".swift") }

    func isIn(_ folders: String...) -> Bool { folders.contains { path.hasPrefix($0 + "/") } }

    /// Every identifier in the code.
    func words() -> Set<String> {
        Set(
            codeLines.flatMap { line in
                line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
            })
    }
}

/// The text files of the repository, or a made-up few of them.
struct Tree {
    var files: [TextFile]

    init(_ files: [String: String]) {
        self.files = files.sorted { $0.key < $1.key }.map(TextFile.init(path:text:))
    }

    var swift: [TextFile] { files.filter(\.isSwift) }

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// What git knows or would be asked to add: build products and ignored files stay out.
    static func checkout() throws -> Tree {
        let listing = Process()
        let output = Pipe()
        listing.executableURL = URL(filePath: "/usr/bin/env")
        listing.arguments = ["git", "ls-files", "-z", "-co", "--exclude-standard"]
        listing.currentDirectoryURL = root
        listing.standardOutput = output
        try listing.run()
        let paths = output.fileHandleForReading.readDataToEndOfFile().split(separator: 0)
        listing.waitUntilExit()
        var texts: [String: String] = [:]
        for path in paths.map({ String(decoding: $0, as: UTF8.self) }) {
            // Pictures and corpora are no text; a file deleted but not yet staged is not there.
            guard let data = try? Data(contentsOf: root.appending(path: path)),
                let text = String(data: data, encoding: .utf8)
            else { continue }
            texts[path] = text
        }
        return Tree(texts)
    }
}
