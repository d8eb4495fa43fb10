import Foundation
import Testing
import Transport

@testable import Node

/// `make crash TIMES=200` kills two hundred times; every test run does it a few times.
@Suite("Killed at random instants under load", .serialized) struct CrashTests {
    @Test("Nothing acknowledged is lost, nothing seen is unsaid, everybody resumes")
    func kills() throws {
        let wish = ProcessInfo.processInfo.environment["CRASH_TIMES"].flatMap { Int($0) }
        let times = wish ?? 8
        let folder = try StoreFolder()
        let battery = try CrashBattery(folder, times: times, seed: System.randomSeed())
        battery.run()
        #expect(battery.books.wrongs == [])
        #expect(!battery.isTimedOut)
        #expect(battery.kills == times)
        // It was under load: most lives acknowledged something before they ended.
        #expect(battery.livesWithProgress * 2 > times)
        #expect(battery.books.acknowledged > times * 5)
        #expect(battery.books.versionsSeen > times * 3)
        #expect(battery.books.eventsSeen > times)
        print(
            "\(times) kills: \(battery.books.acknowledged) acknowledged, "
                + "\(battery.books.versionsSeen) versions seen, "
                + "\(battery.books.eventsSeen) events, "
                + "\(battery.livesWithProgress) lives with progress")
    }
}
