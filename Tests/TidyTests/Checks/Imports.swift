private let importPattern = Pattern(
    #"^\s*(?:@\S+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"#
        + #"(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)"#)

extension TextFile {
    /// Each imported module with its line.
    fileprivate var imports: [(module: String, line: Int)] {
        codeLines.enumerated().compactMap { number, line in
            importPattern.match(line).map { ($0[1], number + 1) }
        }
    }
}

extension Check {
    static let layers = Check(name: "each layer imports only what stands below it") { tree in
        tree.swift.filter { $0.isIn("Sources") }.flatMap { file -> [Finding] in
            let layer = String(file.path.split(separator: "/")[1])
            guard let allowed = LayerRules.imports[layer] else {
                return [Finding(file, "LayerRules.imports has no rule for \(layer)")]
            }
            return file.imports.filter { !allowed.contains($0.module) }.map {
                Finding(file, line: $0.line, "\(layer) may not import \($0.module)")
            }
        }
    }

    static let doors = Check(name: "C is entered through its doors alone") { tree in
        let sources = tree.swift.filter { $0.isIn("Sources") }
        let strangers = sources.flatMap { file in
            file.imports.filter { LayerRules.doors[$0.module]?.contains(file.path) == false }.map {
                Finding(file, line: $0.line, "is no door of \($0.module); see LayerRules.doors")
            }
        }
        let walled = sources.flatMap { file in
            LayerRules.doors.filter { $0.value.contains(file.path) }.keys
                .filter { module in !file.imports.contains { $0.module == module } }
                .map { Finding(file, "is listed as a door of \($0) and does not import it") }
        }
        return strangers + walled
    }
}
