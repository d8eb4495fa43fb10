import Testing
import Transport

@testable import Probe

/// The table of rules against the specification's text, and the sessions against the table.
@Suite("The rules that are checked") struct RuleTests {
    private static let pages = [
        "README", "delivery", "documents", "encodings", "errors", "limits", "messages", "security",
        "sessions", "transports",
    ]

    /// Every numbered rule of the text: its id, and whether it says MUST.
    private func rulesOfTheText() throws -> [String: Bool] {
        var rules: [String: Bool] = [:]
        for page in RuleTests.pages {
            let bytes = try Transport.Process.read("spec/\(page).md")
            let lines = String(decoding: bytes, as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false)
            var current: String?
            for line in lines {
                if line.hasPrefix("- **"), let end = line.dropFirst(4).firstIndex(of: "*") {
                    let id = String(line[line.index(line.startIndex, offsetBy: 4)..<end])
                    let isRule = id.first?.isUppercase == true && Int(id.dropFirst()) != nil
                    current = isRule ? id : nil
                    if isRule { rules[id] = false }
                } else if !line.hasPrefix("  ") {
                    current = nil
                }
                if let current, line.contains("MUST") { rules[current] = true }
            }
        }
        return rules
    }

    @Test("The table has every rule of the text, and says MUST where the text does")
    func table() throws {
        let text = try rulesOfTheText()
        #expect(text.count > 100)
        let ids = Rule.all.map { $0.id }
        #expect(Set(ids).count == ids.count)
        #expect(Set(text.keys).subtracting(ids) == [], "rules that the table lacks")
        #expect(Set(ids).subtracting(text.keys) == [], "rules that the text lacks")
        let differ = Rule.all.filter { text[$0.id] != nil && text[$0.id] != $0.isMust }
        #expect(differ.map { $0.id } == [], "MUST in one and not in the other")
    }

    @Test("Every rule has a session with a server, or a reason; never both")
    func serverSessions() {
        let tried = Set(ServerCheck.trials.flatMap { $0.rules })
        #expect(tried.filter { Rule.named($0) == nil } == [])
        let lost = Rule.all.filter { $0.serverReason == nil && !tried.contains($0.id) }
        #expect(lost.map { $0.id } == [])
    }

    @Test("Every rule has a scenario for a client, or a reason")
    func clientScenarios() {
        let tried = Set(ClientCheck.scenarios.flatMap { $0.rules })
        #expect(tried.filter { Rule.named($0) == nil } == [])
        let lost = Rule.all.filter { $0.clientReason == nil && !tried.contains($0.id) }
        #expect(lost.map { $0.id } == [])
    }

    @Test("Nine in ten of the MUST rules that bind a server are tried")
    func share() {
        let musts = Rule.all.filter { $0.isMust && $0.serverReason != Rule.forClients }
        let tried = musts.filter { $0.serverReason == nil }
        #expect(tried.count * 10 >= musts.count * 9)
    }
}
