using System.Text.Json;
using Crescent.Text.Templates;
using Crescent.Training.Data;
using Crescent.Training.Judging;
using Xunit;

namespace Crescent.Training.Tests.Judging;

public sealed class TurnTests
{
    private static readonly ToolTurn s_turn = ToolTurn.Of("trips", LearntModel.Example).First();

    [Theory]
    [InlineData("find_train", "{\"destination\": \"Lyon\", \"class\": \"first\"}", false, true, true, true, true)]
    [InlineData("find_train", "{\"class\":\"first\",\"destination\":\"Lyon\"}", false, true, true, true, true)] // order of keys
    [InlineData("find_train", "{\"class\":\"first\",\"destination\":\"\\u004cyon\"}", false, true, true, true, true)] // spelling of JSON
    [InlineData("find_train", "{\"class\":\"first\",\"destination\":\"lyon\"}", false, true, true, false, true)]
    [InlineData("find_train", "{\"class\":\"First\",\"destination\":\" Lyon \"}", false, false, true, false, true)] // not in the schema's list
    [InlineData("find_train", "{\"destination\":\"Lyon\"}", false, true, true, false, false)]
    [InlineData("find_train", "{\"class\":\"first\",\"destination\":\"Lyon\",\"time\":\"ten\"}", false, true, true, false, false)]
    [InlineData("find_train", "{\"class\":\"first\"}", false, false, true, false, false)] // required
    [InlineData("find_train", "{\"class\":\"first\",\"destination\":3}", false, false, true, false, false)]
    [InlineData("find_train", "{\"Class\":\"first\",\"destination\":\"Lyon\"}", false, true, true, false, false)] // names of arguments are exact
    [InlineData("get_time", "{\"city\":\"Lyon\"}", false, true, false, false, false)]
    [InlineData("find_train", "{\"class\":\"first\",\"destination\":\"Lyon\"", true, false, false, false, false)]
    [InlineData("find_train", "\"Lyon\"", true, false, false, false, false)]
    [InlineData("find_bus", "{\"destination\":\"Lyon\"}", true, false, false, false, false)]
    public void One_call(string name, string arguments, bool isMalformed, bool fits, bool rightTool, bool right, bool nearly) => Assert.Equal(
        new TurnOutcome(true, isMalformed, fits, rightTool, right, nearly), TurnOutcome.Of(s_turn, [new ToolCall("", name, arguments)], isWhole: true, hasMarkers: true));

    [Fact]
    public void Answers_that_are_no_call_or_more_than_one()
    {
        var call = s_turn.Recorded.ToolCalls[0];
        Assert.Equal(new TurnOutcome(false, false, false, false, false, false), TurnOutcome.Of(s_turn, [], isWhole: true, hasMarkers: false));
        Assert.Equal(new TurnOutcome(false, false, false, false, false, false), TurnOutcome.Of(s_turn, [], isWhole: false, hasMarkers: false));
        Assert.Equal(new TurnOutcome(false, true, false, false, false, false), TurnOutcome.Of(s_turn, [], isWhole: true, hasMarkers: true));
        Assert.Equal(new TurnOutcome(true, true, false, false, false, false), TurnOutcome.Of(s_turn, [call], isWhole: false, hasMarkers: true));
        Assert.Equal(new TurnOutcome(true, false, true, false, false, false), TurnOutcome.Of(s_turn, [call, call], isWhole: true, hasMarkers: true));
    }

    [Fact]
    public void Counts_are_by_kind_and_over_all()
    {
        var all = new TurnOutcome(true, false, true, true, true, true);
        JudgedTurn Turn(string kind, TurnOutcome outcome) => new(kind, "", outcome, "", [], []);
        Assert.Equal(
            [
                new ToolTally("a", 3, 2, 1, 1, 1, 1, 1),
                new ToolTally("b", 2, 2, 2, 0, 1, 0, 2),
                new ToolTally("all", 5, 4, 3, 1, 2, 1, 3),
            ],
            ToolTally.Of(
            [
                Turn("b", all with { RightArguments = false }), Turn("a", all), Turn("a", new TurnOutcome(false, false, false, false, false, false)),
                Turn("a", new TurnOutcome(true, true, false, false, false, false)), Turn("b", all with { RightArguments = false, NearlyRightArguments = false }),
            ]));
    }

    [Fact]
    public void Turns_are_chosen_evenly_by_seed_and_as_far_as_they_fit()
    {
        ToolTurn[] turns = [.. Enumerable.Range(0, 30).Select(i => s_turn with { Kind = i < 4 ? "few" : "many", Key = $"turn:{i}" })];
        var chosen = ToolTurn.Choose(turns, 12, 1, turn => turn.Key != "turn:7");
        Assert.Equal(12, chosen.Count);
        Assert.Equal(4, chosen.Count(turn => turn.Kind == "few"));
        Assert.Equal(29, ToolTurn.Choose(turns, 100, 1, turn => turn.Key != "turn:7").Count);
        Assert.Equal(chosen.Select(turn => turn.Key), ToolTurn.Choose([.. turns.Reverse()], 12, 1, turn => turn.Key != "turn:7").Select(turn => turn.Key));
        Assert.NotEqual(chosen.Select(turn => turn.Key), ToolTurn.Choose(turns, 12, 2, turn => turn.Key != "turn:7").Select(turn => turn.Key));
    }

    [Fact]
    public void A_turn_sees_what_came_before_it_and_nothing_more()
    {
        ToolTurn[] turns = [.. ToolTurn.Of("trips", LearntModel.Example)];
        Assert.Equal([("trips:1:1", 1, true), ("trips:1:3", 3, false)], turns.Select(turn => (turn.Key, turn.Prompt.Messages.Count, turn.IsCall)));
        Assert.All(turns, turn => Assert.True(turn.Prompt.AddGenerationPrompt));
        Assert.All(turns, turn => Assert.Equal(2, turn.Prompt.Tools.Count));
        Assert.Empty(ToolTurn.Of("text", Example.OfText("text:1", "No turn.", true)));
    }

    [Theory]
    [InlineData("sgd-services:train:1_00001", "sgd-services")]
    [InlineData("sgd:train:1_00001", "sgd")]
    [InlineData("eltec-fra.txt:3", "eltec-fra")]
    public void A_kind_is_what_a_key_begins_with(string key, string kind) => Assert.Equal(kind, HeldOut.KindOf(key));

    [Theory]
    [InlineData("""{"type":["string","null"]}""", "null", true)]
    [InlineData("""{"type":["string","null"]}""", "1", false)]
    [InlineData("""{"type":"integer"}""", "3.0", true)]
    [InlineData("""{"type":"integer"}""", "3.5", false)]
    [InlineData("""{"type":"array","items":{"type":"boolean"}}""", "[true,false]", true)]
    [InlineData("""{"type":"array","items":{"type":"boolean"}}""", "[true,0]", false)]
    [InlineData("""{"type":"object","properties":{"a":{}},"additionalProperties":false}""", """{"a":1}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{}},"additionalProperties":false}""", """{"b":1}""", false)]
    public void Schemas_are_kept_or_not(string schema, string value, bool fits) => Assert.Equal(fits, ArgumentSchema.Fits(JsonElement.Parse(schema), JsonElement.Parse(value)));

    [Fact]
    public void A_schema_that_cannot_be_judged_is_refused() =>
        Assert.Contains("'pattern'", Assert.Throws<NotSupportedException>(() => ArgumentSchema.Fits(JsonElement.Parse("{\"pattern\":\"a\"}"), JsonElement.Parse("\"a\""))).Message, StringComparison.Ordinal);
}
