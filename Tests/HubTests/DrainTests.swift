import Hub
import Testing
import Wire

/// A node that goes tells everybody so, and says of nobody that he left (rule 29).
@Suite struct DrainTests {
    @Test func everybodyIsToldAndNobodyIsSaidToHaveLeft() {
        let rig = Rig()
        let watcher = rig.client("w", .json)
        let id = watcher.session.subscribe("$presence/room")
        let ada = rig.client("ada")
        rig.pump()
        ada.session.say(.presence(Presence(topic: "room", state: true)))
        rig.pump()
        rig.desk.drain(after: .seconds(2), window: .seconds(30), now: rig.now, carrier: rig)
        rig.pump()
        let drain = ClientSession.Notice.drain(Drain(after: 2_000, window: 30_000))
        #expect(watcher.notices.contains(drain) && ada.notices.contains(drain))
        rig.cut(ada)
        rig.advance(.seconds(10))
        #expect(watcher.session[id]?.mirror.value(at: ["count"]) == 1)
    }
}
