private let typeDeclaration = Pattern(
    #"\b(?:struct|enum|class|actor|protocol|typealias)\s+([A-Z]\w*)"#)

/// `NewTopicHelper` is New, Topic, Helper; `Base64URL` is Base64, URL.
private func words(of name: some StringProtocol) -> [String] {
    var words: [String] = []
    var previous: Character = "_"
    for character in name {
        if character.isUppercase, !previous.isUppercase {
            words.append(String(character))
        } else if !words.isEmpty {
            words[words.count - 1].append(character)
        }
        previous = character
    }
    return words
}

extension Check {
    static let emptyWords = Check(name: "names say what the thing is") { tree in
        tree.swift.flatMap { file -> [Finding] in
            let stem = file.name.dropLast(".swift".count)
            var found: [Finding] = []
            for word in stem.split(separator: "+").flatMap(words(of:))
            where LayerRules.emptyWords.contains(word) {
                found.append(Finding(file, "'\(word)' in a file's name says nothing"))
            }
            for (number, line) in file.codeLines.enumerated() {
                guard let name = typeDeclaration.match(line)?[1] else { continue }
                for word in words(of: name) where LayerRules.emptyWords.contains(word) {
                    found.append(
                        Finding(file, line: number + 1, "'\(word)' in \(name) says nothing"))
                }
            }
            return found
        }
    }
}
