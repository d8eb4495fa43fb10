import Testing
import Wire

@testable import Hub

/// Rule 12: what is kept for later is refused today, wherever it stands.
@Suite struct ReservedTests {
    let rig = Rig(
        TopicRules(rules: [
            TopicRules.Rule(pattern: TopicPattern("log"), settings: TopicSettings(kind: .event))
        ]))

    @Test(arguments: [Int8(126), 127])
    func sealedAndSignedLeavesAreNotSupported(type: Int8) throws {
        let ada = rig.client("ada")
        rig.pump()
        let leaf = Value.custom(try #require(Custom(type: type, data: [1])))
        _ = ada.session.publish("room", .patch(Patch(set: ["a": leaf])))
        _ = ada.session.publish("room", .patch(Patch(set: ["a": ["b": [1, leaf]]])))
        _ = ada.session.publish("log", .event(["a": leaf]))
        _ = ada.session.publish(
            "room", .patch(Patch(set: ["a": .custom(try #require(Custom(type: 125, data: [])))])))
        rig.pump()
        let refused = ada.notices.count {
            if case .outcome(_, .refused(let nack)) = $0 {
                nack.code == .unsupported
            } else {
                false
            }
        }
        let done = ada.notices.count {
            if case .outcome(_, .acknowledged) = $0 { true } else { false }
        }
        #expect(refused == 3 && done == 1)
    }

    @Test func aWindowOfRowsIsNotSupported() throws {
        let carrier = Recorder()
        var desk = Desk(Desk.Settings(), number: 0, shards: 1)
        let all = Principal.Grant(topics: TopicPattern("**"), read: .everything, write: nil)
        let station = desk.openGuest(
            line: 1, .messagePack, Principal(name: "ada", tenant: "t", grants: [all]),
            lifetime: nil, instance: nil, now: Instant(nanoseconds: 0))
        desk.received(
            .subscribe(Subscribe(id: 9, topic: "room", window: ["first": 10])), from: station,
            now: Instant(nanoseconds: 0), carrier: carrier)
        #expect(carrier.said == [.unsubscribed(Unsubscribed(id: 9, code: .unsupported))])
    }
}

/// Notes what a desk says.
private final class Recorder: Carrier {
    var said: [Message] = []

    func carry(_ message: [UInt8], _ encoding: Encoding, to connection: UInt64) {
        if let message = try? Message(messagePack: message.span) { said.append(message) }
    }

    func prepare(_ message: [UInt8], _ encoding: Encoding) {}
    func carryPrepared(to connection: UInt64) {}
    func close(_ connection: UInt64, _ code: Code, _ reason: Text) {}
    func pause(_ connection: UInt64) {}
    func resume(_ connection: UInt64) {}
    func post(_ request: Request, toShard shard: Int) {}
    func verify(_ token: Text) -> TokenVerdict {
        .rejected(.tokenInvalid, reason: "nobody is known")
    }
}
