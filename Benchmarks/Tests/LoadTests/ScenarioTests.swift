import Foundation
import Load
import Testing

@Suite struct ScenarioTests {
    private func decode(_ text: String) throws -> Scenario {
        try JSONDecoder().decode(Scenario.self, from: Data(text.utf8))
    }

    private func fault(_ text: String) throws -> ScenarioError {
        try #require(#expect(throws: ScenarioError.self) { try decode(text) })
    }

    @Test func membersThatAreLeftOutHaveTheirDefaults() throws {
        let scenario = try decode(
            #"{"name":"a","readers":[{"count":5}],"phases":[{"name":"p","do":[{"publish":{"rate":5,"count":10}}]}]}"#)
        #expect(scenario.dataBytes == 200)
        #expect(
            scenario.readers
                == [ReaderGroup(count: 5)].map {
                    var group = $0
                    group.bytesPerS = 1000
                    return group
                })
        #expect(scenario.phases == [Phase(name: "p", activities: [.publish(Publish(rate: 5, count: 10))])])
        #expect(scenario.needs == [.read, .publish])
    }

    @Test func whatIsEncodedReadsBackTheSame() throws {
        let scenario = Scenario(
            name: "b", readers: [ReaderGroup(count: 2, bytesPerS: 7)],
            phases: [
                Phase(
                    name: "p", measured: false,
                    activities: [.churn(Churn(group: "live", rate: 2, seconds: 3)), .wholeJobs(WholeJobs(count: 9))])
            ])
        let data = try JSONEncoder().encode(scenario)
        #expect(try JSONDecoder().decode(Scenario.self, from: data) == scenario)
    }

    @Test func anUnknownMemberIsNamedWithItsPlace() throws {
        let error = try fault(
            #"{"name":"a","phases":[{"name":"p","do":[{"publish":{"rate":5,"count":1,"cuont":2}}]}]}"#)
        #expect(error.member == "phases[0].do[0].publish.cuont")
        #expect(error.reason.contains("known here: channels, count, rate"))
    }

    @Test func anUnknownActivityIsNamed() throws {
        let error = try fault(#"{"name":"a","phases":[{"name":"p","do":[{"sleep":{"seconds":1}}]}]}"#)
        #expect(error.member == "phases[0].do[0].sleep")
    }

    @Test func aValueOutsideItsBoundsIsRefused() throws {
        #expect(try fault(#"{"name":"a","readers":[{"count":0}]}"#).member == "readers[0].count")
        #expect(try fault(#"{"name":"a","data_bytes":-1}"#).member == "data_bytes")
        #expect(try fault(#"{"name":1}"#).member == "name")
        #expect(try fault(#"{"title":"x"}"#).description == "name is missing")
    }

    @Test func jobsNeedEitherANumberOrATime() throws {
        #expect(throws: ScenarioError.self) {
            try decode(#"{"name":"a","phases":[{"name":"p","do":[{"whole_jobs":{}}]}]}"#)
        }
    }
}
