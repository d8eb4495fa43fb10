import Testing
import Wire

@Suite("WallTime") struct WallTimeTests {
    private func said(_ time: WallTime) -> String? {
        var bytes: [UInt8] = []
        return time.appendISO8601(to: &bytes) ? String(decoding: bytes, as: UTF8.self) : nil
    }

    private func read(_ text: String) -> WallTime? { WallTime(iso8601: Array(text.utf8).span) }

    @Test(
        "A time is said in UTC to the millisecond, and read back",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"),
            (1_000_000_000, 250_999_999, "2001-09-09T01:46:40.250Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000Z"),
            (-1, 999_000_000, "1969-12-31T23:59:59.999Z"),
            (-62_167_219_200, 0, "0000-01-01T00:00:00.000Z"),
            (253_402_300_799, 0, "9999-12-31T23:59:59.000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
        ])
    func saidAndRead(_ seconds: Int64, _ nanoseconds: UInt32, _ text: String) {
        let time = WallTime(seconds: seconds, nanoseconds: nanoseconds)
        #expect(said(time) == text)
        #expect(read(text)?.seconds == seconds)
        #expect(read(text)?.nanoseconds == nanoseconds / 1_000_000 * 1_000_000)
    }

    @Test(
        "Offsets, fractions and leap seconds are read as RFC 3339 has them",
        arguments: [
            ("1985-04-12T23:20:50.52Z", 482_196_050, 520_000_000),
            ("1996-12-19T16:39:57-08:00", 851_042_397, 0),
            ("1990-12-31T23:59:60Z", 662_688_000, 0),
            ("1990-12-31T15:59:60-08:00", 662_688_000, 0),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_173, 870_000_000),
            ("1970-01-01t00:00:00.000000001z", 0, 1),
        ])
    func readsOtherForms(_ text: String, _ seconds: Int64, _ nanoseconds: UInt32) {
        #expect(read(text) == WallTime(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test(
        "What is no time is refused",
        arguments: [
            "", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "1970-13-01T00:00:00Z",
            "1970-00-01T00:00:00Z", "1971-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "1970-01-00T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
            "1970-01-01T00:00:61Z", "1970-01-01T00:00:60Z", "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.0000000001Z", "1970-01-01T00:00:00+0000", "1970-01-01T00:00:00Zx",
            "1970-01-01T00:00:00+24:00", "-970-01-01T00:00:00Z", "1970-1-01T00:00:00Z",
            "１９７０-01-01T00:00:00Z",
        ])
    func refused(_ text: String) {
        #expect(read(text) == nil)
    }

    @Test("Years beyond four digits cannot be said") func beyondFourDigits() {
        #expect(said(WallTime(seconds: 253_402_300_800)) == nil)
        #expect(said(WallTime(seconds: .min)) == nil)
    }

    @Test("Every day of four centuries is said and read back") func everyDay() {
        for day in Int64(-73_000)...73_097 {
            let time = WallTime(seconds: day * 86_400 + 43_200)
            #expect(said(time).flatMap(read) == time)
        }
    }

    @Test("Arithmetic stops at the ends instead of trapping") func arithmeticStops() {
        let time = WallTime(seconds: 1, nanoseconds: 600_000_000)
        #expect(time + .milliseconds(500) == WallTime(seconds: 2, nanoseconds: 100_000_000))
        #expect((WallTime(seconds: .max) + .seconds(1)).seconds == .max)
        #expect(time.since(WallTime(seconds: 0, nanoseconds: 700_000_000)) == .milliseconds(900))
        #expect(WallTime(seconds: 0).since(time) == .seconds(0))
        #expect(WallTime(seconds: .max).since(WallTime(seconds: .min)).nanoseconds == .max)
    }
}
