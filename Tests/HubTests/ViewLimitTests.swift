import Hub
import Testing
import Wire

/// Rule 13 and the specification's limits: how many different views a principal may watch.
@Suite struct ViewLimitTests {
    private let topic = TopicKey(tenant: "t", name: "a")
    private let now = Instant(nanoseconds: 1)

    /// Joins with a mask of one field; whether it was given a seat.
    private func joins(
        _ hub: inout Hub, _ principal: Text, _ field: Int, topic: TopicKey, seat: UInt32 = 0
    ) -> AudienceID? {
        hub.receive(
            .join(
                Request.Join(
                    desk: 0, seat: SeatID(index: seat, generation: 0), topic: topic,
                    mask: Mask(paths: [[Text(String(field))]]), rate: .everyTurn,
                    encoding: .messagePack, hash: false, cursor: nil, principal: principal)),
            now: now)
        for (_, notice) in hub.takeLetters() {
            switch notice {
            case .joined(_, let joined): return joined.audience
            case .refused(_, let code): #expect(code == .tooMany)
            default: break
            }
        }
        return nil
    }

    private func hub() -> Hub {
        Hub(
            Hub.Settings(viewsPerTopic: 3, viewsPerPrincipal: 5), shard: 0, shards: 1, desks: 1,
            seed: 1)
    }

    @Test func ofOneTopicSoManyAndOfAllTopicsSoMany() {
        var hub = hub()
        for field in 0..<3 {
            let audience = joins(&hub, "ada", field, topic: topic)
            #expect(audience != nil)
        }
        let tooMany = joins(&hub, "ada", 3, topic: topic)
        #expect(tooMany == nil)
        // A view that it has, it may have again; somebody else has a count of its own.
        let again = joins(&hub, "ada", 2, topic: topic)
        let bob = joins(&hub, "bob", 3, topic: topic)
        #expect(again != nil && bob != nil)
        let other = TopicKey(tenant: "t", name: "b")
        let fourth = joins(&hub, "ada", 0, topic: other)
        let fifth = joins(&hub, "ada", 1, topic: other)
        let sixth = joins(&hub, "ada", 2, topic: other)
        #expect(fourth != nil && fifth != nil && sixth == nil)
    }

    @Test func whoLeavesMayComeWithAnotherView() throws {
        var hub = hub()
        var audiences: [AudienceID] = []
        for field in [0, 0, 1, 2] {
            audiences.append(try #require(joins(&hub, "ada", field, topic: topic)))
        }
        hub.receive(.leave(audiences[0], desk: 0, principal: "ada"), now: now)
        let stillTooMany = joins(&hub, "ada", 3, topic: topic)
        #expect(stillTooMany == nil)
        hub.receive(.leave(audiences[1], desk: 0, principal: "ada"), now: now)
        let another = joins(&hub, "ada", 3, topic: topic)
        #expect(another != nil)
    }

    @Test func throughADeskTheSubscriptionEndsWithTooMany() {
        let rig = Rig()
        let ada = rig.client("ada")
        let ids = (0..<17).map { field in
            ada.session.subscribe("a", fields: Mask(paths: [[Text("f" + String(field))]]))
        }
        rig.pump()
        #expect(ada.notices.contains(.unsubscribed(id: ids[16], .tooMany)))
        #expect(ids.filter { ada.session[$0] != nil }.count == 16)
        ada.session.unsubscribe(ids[3])
        let again = ada.session.subscribe("a", fields: Mask(paths: [["g"]]))
        rig.pump()
        #expect(ada.session[again]?.awaitsSnapshot == false)
        // What a connection held is free when it is gone.
        rig.cut(ada)
        rig.pump()
        let bob = rig.client("ada")
        let id = bob.session.subscribe("a", fields: Mask(paths: [["h"]]))
        rig.pump()
        #expect(bob.session[id]?.awaitsSnapshot == false)
    }
}
