import Foundation
import Hub
import Testing
import Wire

@testable import Node
@testable import Transport

/// The calls over HTTP in the text of the specification, made of a node: `>` is asked, `<` comes
/// back. The text has one epoch, which stands for the node's own.
@Suite struct TransportExampleTests {
    private struct Exchange {
        var request: [String] = []
        var response: [String] = []
    }

    private static let ada = Principal(
        name: "ada", tenant: "t",
        grants: [
            Principal.Grant(topics: TopicPattern("room/*"), read: .everything, write: .everything)
        ])
    private static let epochOfText = "9f3a61c2b07d5e48"

    private static func exchanges() throws -> [Exchange] {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../spec/transports.md").standardizedFileURL
        var exchanges: [Exchange] = []
        var isInside = false
        for line in String(decoding: try Data(contentsOf: page), as: UTF8.self)
            .split(separator: "\n")
        {
            if line.hasPrefix("```") { isInside = line == "```http" }
            guard isInside else { continue }
            let content = String(line.dropFirst(2))
            if line.hasPrefix("> ") {
                if exchanges.last?.response.isEmpty ?? false {
                    exchanges[exchanges.count - 1].request.append(content)
                } else {
                    exchanges.append(Exchange(request: [content]))
                }
            } else if line.hasPrefix("< ") {
                exchanges[exchanges.count - 1].response.append(content)
            }
        }
        return exchanges
    }

    @Test func theCallsInTheTextAreAnsweredAsItSays() throws {
        let exchanges = try Self.exchanges()
        #expect(exchanges.count >= 10)
        let caller = try Caller()
        defer { caller.end() }
        var epoch = Self.epochOfText
        for exchange in exchanges {
            let answer = Self.make(exchange, caller, epoch: epoch)
            if let cursor = answer.field("fieldcast-cursor") {
                epoch = String(cursor.prefix { $0 != ":" })
            }
            let said = { (text: String) in text.replacing(epoch, with: Self.epochOfText) }
            #expect(String(answer.status) == exchange.response.first, "\(exchange.request)")
            for line in exchange.response.dropFirst() {
                if line.hasPrefix("{") || line.hasPrefix("[") {
                    let due = try Value(json: Array(line.utf8).span)
                    let body = try Value(json: Array(said(answer.text).utf8).span)
                    #expect(Self.timeless(body) == due, "\(exchange.request)")
                } else {
                    let parts = line.split(separator: ": ", maxSplits: 1)
                    let field = answer.field(parts[0].lowercased()).map { said($0) }
                    #expect(field == String(parts[1]), "\(exchange.request)")
                }
            }
        }
    }

    private static func make(_ exchange: Exchange, _ caller: Caller, epoch: String) -> Caller.Answer
    {
        let lines = exchange.request.map { $0.replacing(epochOfText, with: epoch) }
        let words = lines[0].split(separator: " ")
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []
        var asker: Principal? = ada
        for line in lines.dropFirst() {
            if line == "Authorization: none" {
                asker = nil
            } else if line.hasPrefix("{") || line.hasPrefix("[") {
                body = Array(line.utf8)
                fields.append(("content-type", "application/json"))
            } else {
                let parts = line.split(separator: ": ", maxSplits: 1)
                fields.append((parts[0].lowercased(), String(parts[1])))
            }
        }
        return caller.call(
            words[0] == "POST" ? .post : .get, String(words[1]), as: asker, fields, body: body)
    }

    /// Without the times of writing, on which nothing depends (M1).
    private static func timeless(_ value: Value) -> Value {
        switch value {
        case .array(let list): return .array(list.map { timeless($0) })
        case .map(var map):
            if map["type"] != nil { map["timestamp"] = nil }
            return .map(map)
        default: return value
        }
    }
}
