private let codeSuffixes = [
    ".swift", ".c", ".h", ".sh", ".py", ".js", ".mjs", "Makefile", ".ci/run",
]

extension Check {
    static let columns = Check(name: "a line ends before column \(LayerRules.columnLimit)") {
        tree in
        tree.files.filter { file in codeSuffixes.contains { file.path.hasSuffix($0) } }
            .flatMap { file in
                file.lines.enumerated().compactMap { number, line in
                    line.count <= LayerRules.columnLimit
                        ? nil : Finding(file, line: number + 1, "\(line.count) columns")
                }
            }
    }

    static let longFiles = Check(name: "a source is read in one sitting") { tree in
        tree.files.filter { $0.isIn("Sources") }.compactMap { file in
            let count = file.lines.count - (file.lines.last?.isEmpty == true ? 1 : 0)
            guard count > LayerRules.lineLimit, LayerRules.longFiles[file.path] == nil else {
                return nil
            }
            return Finding(file, "\(count) lines; more than \(LayerRules.lineLimit) are two things")
        }
    }
}
