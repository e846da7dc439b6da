using Crescent.Engine.Models;
using Crescent.Text.Templates;
using Crescent.Training.Judging;
using Xunit;

namespace Crescent.Training.Tests.Judging;

public sealed class ToolJudgeTests(LearntModel learnt) : IClassFixture<LearntModel>
{
    private static readonly ToolTurn[] s_turns = [.. ToolTurn.Of("trips", LearntModel.Example)];

    [Fact]
    public async Task A_call_learnt_by_heart_is_right_in_everything_and_a_text_calls_nothing()
    {
        var judged = await AnswerAsync(s_turns, isBound: false);
        Assert.Equal(new TurnOutcome(true, false, true, true, true, true), judged[0].Outcome);
        Assert.Equal(new TurnOutcome(false, false, false, false, false, false), judged[1].Outcome);
        Assert.Equal("It leaves at 10:04.", judged[1].Text);
        Assert.Equal([new ToolTally("trips", 2, 1, 1, 1, 1, 0, 1)], ToolTally.Of(judged));
    }

    [Fact]
    public async Task What_was_recorded_decides_what_is_right()
    {
        var prompt = s_turns[0];
        var judged = await AnswerAsync(
            [
                Recorded("find_train", "{\"class\":\"first\",\"destination\":\"Lyon\"}"),
                Recorded("find_train", "{\"class\":\" FIRST\",\"destination\":\"lyon \"}"),
                Recorded("find_train", "{\"class\":\"first\",\"destination\":\"Lille\"}"),
                Recorded("get_time", "{\"city\":\"Lyon\"}"),
            ],
            isBound: false);
        Assert.Equal([(true, true, true), (true, false, true), (true, false, false), (false, false, false)], judged.Select(turn => (turn.Outcome.RightTool, turn.Outcome.RightArguments, turn.Outcome.NearlyRightArguments)));
        Assert.Equal([new ToolTally("trips", 4, 4, 3, 1, 2, 0, 4)], ToolTally.Of(judged));

        ToolTurn Recorded(string name, string arguments) => prompt with { Recorded = new ChatMessage("assistant", null) { ToolCalls = [new ToolCall("", name, arguments)] } };
    }

    [Fact]
    public async Task A_call_that_is_cut_off_is_malformed() => Assert.Equal(
        new TurnOutcome(true, true, false, false, false, false), (await AnswerAsync([s_turns[0]], isBound: false, mostTokens: 20))[0].Outcome);

    [Fact]
    public async Task Bound_answers_call_a_tool_that_fits_even_where_the_model_would_talk()
    {
        var judged = await AnswerAsync(s_turns, isBound: true);
        Assert.All(judged, turn => Assert.True(turn.Outcome.FitsSchema, $"{turn.Key}: {string.Join("; ", turn.Calls)}"));
        Assert.True(judged[0].Outcome.RightArguments);
    }

    [Fact]
    public async Task Prompts_that_leave_no_room_do_not_fit()
    {
        using var model = JudgedModel.Open(learnt.Release, new ModelOptions { Threads = 2 });
        using var engine = model.CreateEngine(1);
        var room = engine.Context - engine.Encode(s_turns[0].Prompt).Length;
        Assert.True(new ToolJudge(engine, new JudgeOptions { MostTokens = room }).Fits(s_turns[0]));
        Assert.False(new ToolJudge(engine, new JudgeOptions { MostTokens = room + 1 }).Fits(s_turns[0]));
        await Task.CompletedTask;
    }

    private async Task<IReadOnlyList<JudgedTurn>> AnswerAsync(IReadOnlyList<ToolTurn> turns, bool isBound, int mostTokens = 120)
    {
        Assert.True(learnt.LastLoss < 0.05, $"expected a conversation learnt by heart, found a loss of {learnt.LastLoss}");
        using var model = JudgedModel.Open(learnt.Release, new ModelOptions { Threads = 2 });
        using var engine = model.CreateEngine(2);
        return await new ToolJudge(engine, new JudgeOptions { MostTokens = mostTokens, Parallel = 2 }).RunAsync(turns, isBound, null, TestContext.Current.CancellationToken);
    }
}
