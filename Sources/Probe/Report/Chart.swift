/// A line chart as SVG: some series over one axis, drawn with the page's own colours, readable
/// without any script; every point tells its figures when pointed at.
struct Chart {
    struct Series {
        let name: String
        /// Which of the page's series colours.
        let colour: Int
        /// From 0 to 1 on both axes, and what the point says.
        var points: [(x: Double, y: Double, words: String)]
        var isFilled = false
    }

    struct Tick {
        let at: Double
        let words: String
    }

    let title: String
    let note: String
    var series: [Series]
    var across: [Tick]
    var up: [Tick]

    private static let width = 720.0
    private static let height = 260.0
    private static let left = 64.0
    private static let right = 30.0
    private static let top = 12.0
    private static let bottom = 30.0

    private func x(_ share: Double) -> Double {
        Chart.left + share * (Chart.width - Chart.left - Chart.right)
    }

    private func y(_ share: Double) -> Double {
        Chart.height - Chart.bottom - share * (Chart.height - Chart.top - Chart.bottom)
    }

    private static func number(_ x: Double) -> String {
        let tenths = Int((x * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\((tenths % 10).magnitude)"
    }

    var html: String {
        var svg = "<figure><figcaption><b>\(Page.escaped(title))</b>"
        svg += "<span>\(Page.escaped(note))</span>"
        if series.count > 1 {
            svg += "<span class=legend>"
            for line in series {
                svg += "<i class=c\(line.colour)></i>\(Page.escaped(line.name)) "
            }
            svg += "</span>"
        }
        svg += "</figcaption><svg viewBox=\"0 0 720 260\" role=img aria-label=\""
        svg += Page.escaped(title) + "\">"
        for tick in up {
            let at = Chart.number(y(tick.at))
            svg += "<path class=grid d=\"M\(Chart.number(x(0))) \(at)H\(Chart.number(x(1)))\"/>"
            svg += "<text class=up x=\(Chart.number(Chart.left - 8)) y=\(at) dy=4>"
            svg += Page.escaped(tick.words) + "</text>"
        }
        for tick in across {
            let at = Chart.number(x(tick.at))
            svg += "<text class=across x=\(at) y=\(Chart.number(Chart.height - 8))>"
            svg += Page.escaped(tick.words) + "</text>"
        }
        for line in series { svg += drawn(line) }
        return svg + "</svg></figure>\n"
    }

    private func drawn(_ line: Series) -> String {
        guard let first = line.points.first, let last = line.points.last else { return "" }
        var path = ""
        for point in line.points {
            path += path.isEmpty ? "M" : "L"
            path += "\(Chart.number(x(point.x))) \(Chart.number(y(point.y)))"
        }
        var svg = ""
        if line.isFilled {
            svg += "<path class=\"area c\(line.colour)\" d=\"\(path)"
            svg += "V\(Chart.number(y(0)))H\(Chart.number(x(first.x)))Z\"/>"
        }
        svg += "<path class=\"line c\(line.colour)\" d=\"\(path)\"/>"
        // A dot where the line is only one point, and invisible ones that answer the pointer.
        if line.points.count == 1 {
            svg += "<circle class=\"dot c\(line.colour)\" r=3 cx=\(Chart.number(x(last.x))) "
            svg += "cy=\(Chart.number(y(last.y)))></circle>"
        }
        for point in line.points {
            svg += "<circle class=\"hit c\(line.colour)\" r=6 cx=\(Chart.number(x(point.x))) "
            svg += "cy=\(Chart.number(y(point.y)))><title>\(Page.escaped(point.words))"
            svg += "</title></circle>"
        }
        return svg
    }

    // MARK: Axes

    /// Round steps from zero that cover `most`: the step and how many.
    static func steps(to most: Double) -> (step: Double, count: Int) {
        guard most > 0 else { return (1, 1) }
        var power = 1.0
        while power * 10 <= most { power *= 10 }
        while power > most { power /= 10 }
        for factor in [0.2, 0.5, 1, 2, 5] where most / (power * factor) <= 5 {
            return (power * factor, Int((most / (power * factor)).rounded(.up)))
        }
        return (power * 5, 2)
    }
}
