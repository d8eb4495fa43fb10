import Hub
import Testing
import Wire

/// Rules 11 and 29: who is there, signals, last wills, fields that expire.
@Suite struct PresenceTests {
    let rig = Rig()

    @Test func theRosterIsATopicThatFollowsWhoComesAndGoes() {
        let watcher = rig.client("w")
        let id = watcher.session.subscribe("$presence/room", hash: true)
        let ada = rig.client("ada")
        rig.pump()
        ada.session.say(.presence(Presence(topic: "room", state: ["typing": true])))
        rig.pump()
        #expect(
            watcher.session[id]?.mirror.document == [
                "count": 1, "users": ["ada": ["0-2": ["typing": true]]],
            ])
        rig.cut(ada)
        rig.pump()
        #expect(watcher.session[id]?.mirror.value(at: ["count"]) == 1)
        rig.advance(.seconds(6))
        #expect(watcher.session[id]?.mirror.document == ["count": 0])
    }

    @Test func nobodyButTheServerWritesARoster() {
        let ada = rig.client("ada")
        rig.pump()
        _ = ada.session.publish("$presence/room", .patch(Patch(set: ["count": 9])))
        rig.pump()
        let refused = ada.notices.contains {
            if case .outcome(_, .refused(let nack)) = $0 { nack.code == .notAllowed } else { false }
        }
        #expect(refused)
    }

    @Test func aSignalReachesWhoListensAndIsKeptByNobody() {
        let ada = rig.client("ada")
        let bob = rig.client("bob", .json)
        _ = bob.session.subscribe("room")
        rig.pump()
        ada.session.signal("room", ["x": 3])
        rig.pump()
        #expect(bob.notices.contains(.signal(Signal(topic: "room", data: ["x": 3], from: "ada"))))
    }

    @Test func aLastWillIsDoneWhenTheConnectionIsLostAndNotAfterAGoodbye() {
        let watcher = rig.client("w")
        let id = watcher.session.subscribe("room")
        for (name, says) in [("lost", false), ("left", true)] as [(Text, Bool)] {
            let client = rig.client(name)
            rig.pump()
            var set = Map()
            set[name] = "gone"
            client.session.say(.will(Will(topic: "room", patch: Patch(set: set))))
            rig.pump()
            if says { client.session.say(.close(Close(code: .goodbye, reason: Text()))) }
            rig.pump()
            rig.cut(client)
        }
        rig.pump()
        #expect(watcher.session[id]?.mirror.document == ["lost": "gone"])
    }

    @Test func aFieldThatExpiresIsUnsetByItselfUnlessItChanged() {
        let ada = rig.client("ada")
        let id = ada.session.subscribe("room", hash: true)
        rig.pump()
        let expiries = [
            Publish.Expiry(path: ["a"], after: 1_000), Publish.Expiry(path: ["b"], after: 1_000),
        ]
        _ = ada.session.publish(
            "room", .patch(Patch(set: ["a": 1, "b": 1, "c": 1])), expiries: expiries)
        rig.pump()
        _ = ada.session.publish("room", .patch(Patch(set: ["b": 2])))
        rig.pump()
        #expect(ada.session[id]?.mirror.document == ["a": 1, "b": 2, "c": 1])
        rig.advance(.milliseconds(1_100))
        #expect(ada.session[id]?.mirror.document == ["b": 2, "c": 1])
        #expect(ada.session[id]?.mirror.version == 3)
    }
}
