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
        // It was under load: three lives of four acknowledged something before they ended.
        #expect(battery.livesWithProgress >= times - (times + 3) / 4)
        #expect(battery.books.versionsSeen > 0 && battery.books.eventsSeen > 0)
        print(
            "\(times) kills: \(battery.books.acknowledged) acknowledged, "
                + "\(battery.books.versionsSeen) versions seen, "
                + "\(battery.books.eventsSeen) events, "
                + "\(battery.livesWithProgress) lives with progress")
    }
}
