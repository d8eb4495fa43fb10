import Hub
import Testing
import Wire

@testable import Node

/// The whole way of the data, over real WebSockets: a publisher, two subscribers with different
/// masks and encodings, a cut and a resume, a publish said twice.
@Suite struct ThreadTests {
    static let publisher = Principal(
        name: "sensor", tenant: "t",
        grants: [
            Principal.Grant(
                topics: TopicPattern("room/*"), read: .everything, write: .everything)
        ])
    static let reader = Principal(
        name: "screen", tenant: "t",
        grants: [Principal.Grant(topics: TopicPattern("room/*"), read: .everything, write: nil)])

    @Test(arguments: [1, 2])
    func aPatchReachesEverybodyAsWhatTheyAskedFor(loops: Int) throws {
        let stage = try Stage(Stage.settings(loops: loops))
        let sensor = stage.player("sensor", .messagePack, ThreadTests.publisher)
        let screen = stage.player("screen", .json, ThreadTests.reader)
        let device = stage.player("device", .messagePack, ThreadTests.reader)
        let whole = screen.session.subscribe("room/1", hash: true)
        let part = device.session.subscribe(
            "room/1", fields: Mask(paths: [["climate", "celsius"], ["door"]]), hash: true)

        for player in [sensor, screen, device] { stage.connect(player) }
        stage.step(
            "both hold the empty topic",
            until: { !screen.awaits(whole) && !device.awaits(part) && sensor.session.isReady },
            then: {
                _ = sensor.session.publish("room/1", .patch(Patch(set: ThreadTests.first)))
            })
        stage.step(
            "the first patch is acknowledged as version 1 and seen by both",
            until: {
                sensor.acknowledged(1) == 1 && screen.version(of: whole) == 1
                    && device.version(of: part) == 1
            },
            then: {
                #expect(screen.document(of: whole) == ThreadTests.first)
                #expect(
                    device.document(of: part) == ["climate": ["celsius": 21], "door": "shut"])
                stage.cut(device)
            })
        stage.step(
            "the device is cut and misses two patches", until: { device.end != nil },
            then: {
                for change in [ThreadTests.second, ThreadTests.third] {
                    _ = sensor.session.publish("room/1", .patch(change))
                }
            })
        stage.step(
            "the screen has both", until: { screen.version(of: whole) == 3 },
            then: {
                device.notices = []
                stage.connect(device)
            })
        stage.step(
            "the device resumes with one diff",
            until: { device.version(of: part) == 3 },
            then: {
                #expect(device.count { $0 == .subscribed(id: part, .caughtUp) } == 1)
                #expect(device.count { $0 == .changed(id: part, versions: 2) } == 1)
                #expect(device.count { $0 == .snapshot(id: part) } == 0)
                #expect(
                    device.document(of: part) == ["climate": ["celsius": 22.5]])
                device.session.prove(part)
                screen.session.prove(whole)
            })
        stage.step(
            "both are proven right",
            until: { device.isProven(part, at: 3) && screen.isProven(whole, at: 3) },
            then: {
                // The same publish once more, as if its answer had been lost.
                let patch = Publish.Change.patch(Patch(set: ThreadTests.first))
                sensor.session.say(.publish(Publish(id: 1, topic: "room/1", change: patch)))
                _ = sensor.session.publish(
                    "room/1", .patch(Patch(set: ["light": false])))
            })
        stage.step(
            "what was said twice was done once",
            until: { screen.version(of: whole) >= 4 && sensor.acknowledged(4) != nil },
            then: {
                #expect(screen.version(of: whole) == 4)
                #expect(sensor.acknowledged(4) == 4)
                #expect(!screen.hasDiverged)
            })
        stage.play()
    }

    static let first: Map = [
        "climate": ["celsius": 21, "humidity": 0.5], "door": "shut", "light": true,
    ]
    static let second = Patch(unset: [["door"]], set: ["climate": ["celsius": 22.5]])
    static let third = Patch(set: ["climate": ["humidity": 0.75]])
}

extension Stage.Player {
    func awaits(_ id: UInt64) -> Bool { session[id]?.awaitsSnapshot ?? true }

    /// The version that the publish with this id was acknowledged with.
    func acknowledged(_ id: UInt64) -> UInt64? {
        for case .outcome(id, .acknowledged(let version)) in notices { return version }
        return nil
    }

    var hasDiverged: Bool {
        notices.contains { if case .diverged = $0 { true } else { false } }
    }

    func isProven(_ id: UInt64, at version: UInt64) -> Bool {
        notices.contains(.proven(id: id, version: version))
    }
}
