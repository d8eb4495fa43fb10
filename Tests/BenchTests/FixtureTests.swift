import Foundation
import Testing
import Wire

@testable import fieldcast_bench

@Suite("The fixture that all measurements share") struct FixtureTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func fields(_ document: Fixture.Document) -> Map? {
        if case .map(let map) = document.value { map } else { nil }
    }

    @Test("The metrics have 60 fields in 1,200 bytes, give or take 20") func metrics() {
        #expect(fields(fixture.metrics)?.count == 60)
        #expect((1_180...1_220).contains(fixture.metrics.json.count))
    }

    @Test("The metrics are numbers, texts and booleans of several kinds") func kinds() throws {
        let values = try #require(fields(fixture.metrics)).entries.map(\.value)
        let numbers = values.compactMap { if case .number(let n) = $0 { n } else { nil } }
        let texts = values.compactMap { if case .text(let t) = $0 { t } else { nil } }
        let booleans = values.count { if case .boolean = $0 { true } else { false } }
        #expect(numbers.count { $0.int64 != nil } >= 20)
        #expect(numbers.count { $0.int64 == nil } >= 10)
        #expect(texts.count >= 5)
        #expect(booleans >= 5)
        #expect(numbers.count + texts.count + booleans == 60)
    }

    @Test("A session row has 22 fields, a chat event 12") func otherDocuments() {
        #expect(fields(fixture.session)?.count == 22)
        #expect(fields(fixture.chat)?.count == 12)
    }

    @Test("Every document is as compact as JSON gets, keys in the order of their bytes")
    func canonical() {
        for document in fixture.documents {
            #expect(document.value.json == document.json)
        }
    }

    @Test("The structs made for Foundation hold every field") func structs() throws {
        func again<T: Codable>(_ document: Fixture.Document, _ type: T.Type) throws -> Value {
            let value = try JSONDecoder().decode(T.self, from: Data(document.json))
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            let data = [UInt8](try encoder.encode(value))
            return try Value(json: data.span)
        }
        #expect(try again(fixture.metrics, Metrics.self) == fixture.metrics.value)
        #expect(try again(fixture.chat, Chat.self) == fixture.chat.value)
        // Foundation leaves out what is null.
        var session = try #require(fields(fixture.session))
        session["rating"] = nil
        #expect(try again(fixture.session, Session.self) == .map(session))
    }
}
