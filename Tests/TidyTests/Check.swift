import Foundation
import Testing

/// One thing that must hold for the whole tree.
struct Check: Sendable, CustomTestStringConvertible {
    var name: String
    var find: @Sendable (Tree) -> [Finding]

    var testDescription: String { name }

    static let all: [Check] = [
        .layers, .doors, .unusedSwift, .unusedDocuments, .emptyWords, .traps, .uncheckedSharing,
        .sleepingTests, .columns, .longFiles,
    ]

    /// A check that looks at one line of code at a time and returns what is wrong with it.
    static func lineByLine(
        _ name: String, in files: @escaping @Sendable (TextFile) -> Bool,
        _ complaint: @escaping @Sendable (String) -> String?
    ) -> Check {
        Check(name: name) { tree in
            tree.files.filter(files).flatMap { file in
                file.codeLines.enumerated().compactMap { number, line in
                    complaint(line).map { Finding(file, line: number + 1, $0) }
                }
            }
        }
    }
}

/// What is wrong, and where.
struct Finding: CustomStringConvertible {
    var path: String
    var line: Int
    var complaint: String

    init(_ file: TextFile, line: Int = 1, _ complaint: String) {
        (path, self.line, self.complaint) = (file.path, line, complaint)
    }

    var description: String { "\(path):\(line): \(complaint)" }
}

/// A regular expression, compiled once. Foundation's is several times as fast as Swift's where
/// nothing is optimised, and this runs over every line of the tree.
struct Pattern: Sendable {
    private let expression: NSRegularExpression

    init(_ pattern: String) {
        do {
            expression = try NSRegularExpression(pattern: pattern)
        } catch {
            fatalError("not a regular expression: \(pattern): \(error)")
        }
    }

    /// The whole match and its groups, or nil.
    func match(_ line: String) -> [String]? {
        let whole = NSRange(line.startIndex..., in: line)
        guard let match = expression.firstMatch(in: line, range: whole) else { return nil }
        return (0..<match.numberOfRanges).map { group in
            Range(match.range(at: group), in: line).map { String(line[$0]) } ?? ""
        }
    }
}
