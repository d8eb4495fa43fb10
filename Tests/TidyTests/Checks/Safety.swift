private let trap = Pattern(#"\btry!|\bas!|[\w\)\]\}\"?>]!(?![=\w])"#)
private let sleep = Pattern(#"\b(?:sleep|usleep|nanosleep|clock_nanosleep|asyncAfter)\s*\("#)
private let sharing = Pattern(#"@unchecked\s+Sendable|\bnonisolated\(unsafe\)"#)

extension Check {
    static let traps = Check.lineByLine(
        "nothing is unwrapped, tried or cast by force",
        in: { $0.isSwift && $0.isIn("Sources", "Bench", "Fuzz", "Embedded", "Examples") }
    ) { line in
        trap.match(line).map { "'\($0[0])' traps; bind it, or throw an error that says what to do" }
    }

    static let sleepingTests = Check.lineByLine(
        "no test sleeps", in: { $0.isSwift && $0.isIn("Tests") }
    ) { line in
        sleep.match(line) == nil ? nil : "a test that sleeps is slow or flaky; pass the time in"
    }

    static let uncheckedSharing = Check(
        name: "what the compiler cannot check has its reason above"
    ) { tree in
        tree.swift.flatMap { file in
            file.codeLines.indices.compactMap { i in
                guard let match = sharing.match(file.codeLines[i]) else { return nil }
                let above = file.lines[..<i].last {
                    !$0.drop(while: \.isWhitespace).hasPrefix("@")
                }
                let explained = above?.drop(while: \.isWhitespace).hasPrefix("//") == true
                return explained
                    ? nil
                    : Finding(file, line: i + 1, "no comment above says why \(match[0]) holds")
            }
        }
    }
}
