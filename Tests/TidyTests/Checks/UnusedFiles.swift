private let declaration = Pattern(
    #"^\s*(?:@\S+\s+)*(?:(?:public|package|internal|fileprivate|private|final|indirect|nonisolated"#
        + #"|distributed|open)\s+)*"#
        + #"(struct|enum|class|actor|protocol|typealias|func|let|var|extension)\s+([\w.]+)?"#)

/// What stands at the top level of a Swift file.
struct Declarations {
    var names: Set<String> = []
    var extends = false
    var isEntry = false

    init(of file: TextFile) {
        isEntry = file.name == "main.swift" || file.name == "Package.swift"
        var depth = 0
        for line in file.codeLines {
            if line.contains("@main") || line.contains("@Test") || line.contains("@Suite")
                || line.contains("@_cdecl")
            {
                isEntry = true
            }
            if depth == 0, let match = declaration.match(line) {
                // An operator function has no word for a name, and no one to call it by word.
                if match[1] == "extension" || match[2].isEmpty {
                    extends = true
                } else {
                    names.insert(match[2])
                }
            }
            for byte in line.utf8 {
                if byte == UInt8(ascii: "{") { depth += 1 }
                if byte == UInt8(ascii: "}") { depth -= 1 }
            }
        }
    }
}

extension Check {
    static let unusedSwift = Check(name: "every Swift file is used by another") { tree in
        let files = tree.swift
        let words = files.map { $0.words() }
        return files.indices.compactMap { i in
            let file = files[i]
            let declared = Declarations(of: file)
            if declared.isEntry || declared.extends { return nil }
            if declared.names.isEmpty {
                // A module that is still empty needs one file to exist at all.
                let alone = files.filter { $0.path.hasPrefix(file.folder + "/") }.count == 1
                return alone ? nil : Finding(file, "declares nothing")
            }
            let used = files.indices.contains {
                $0 != i && !words[$0].isDisjoint(with: declared.names)
            }
            return used ? nil : Finding(file, "nothing uses \(declared.names.sorted())")
        }
    }

    static let unusedDocuments = Check(name: "every file of docs, tools and spec is named") {
        tree in
        tree.files.filter { $0.isIn("docs", "tools", "spec") }.compactMap { file in
            let isData = !file.name.hasSuffix(".md") && !file.name.hasSuffix(".sh")
            let named = tree.files.contains { other in
                other.path != file.path
                    && other.lines.contains {
                        $0.contains(file.name) || isData && $0.contains(file.folder)
                    }
            }
            return named ? nil : Finding(file, "no other file names it")
        }
    }
}
