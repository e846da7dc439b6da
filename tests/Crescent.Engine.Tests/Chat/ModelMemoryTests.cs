using Crescent.Engine.Chat;
using Crescent.Tests.Experts;
using Crescent.Tests.Models;
using Crescent.Text.Templates;
using Xunit;

namespace Crescent.Tests.Chat;

public sealed class ModelMemoryTests
{
    [Fact]
    public async Task A_streamed_model_tells_of_its_slots_and_its_drive()
    {
        using var model = Streamed.Open("g-kimi-k2-q4_0", Streamed.Slots(4));
        using var engine = Engine(model);
        var store = model.Store();
        var before = engine.Memory();
        Assert.Equal((model.Model.ResidentBytes + store.Budget.Slots, 1L << 50, store.ExpertBytes), (before.ResidentBytes, before.LimitBytes, before.StreamedBytes));
        Assert.Null(before.HitRate);
        using var answer = engine.Submit(ChatScene.Greedy(TestModels.TokensOf("g-kimi-k2-q4_0")[..20], 20), TestContext.Current.CancellationToken);
        await CollectedAnswer.ReadAsync(answer, TestContext.Current.CancellationToken);
        var after = engine.Memory();
        Assert.Equal(model.Model.ResidentBytes + store.Budget.Slots, after.ResidentBytes);
        Assert.True(store.Budget.Slots > 0);
        Assert.InRange(after.HitRate!.Value, 0.01, 0.99);
        Assert.True(after.DriveBytesPerSecond > 0);
    }

    [Fact]
    public void A_model_in_memory_streams_nothing()
    {
        using var model = LoadedModel.Open("g-llama");
        using var engine = Engine(model);
        Assert.Equal(new ModelMemory(model.Model.ResidentBytes, null, 0, null, null), engine.Memory());
        Assert.True(model.Model.ResidentBytes > 0);
    }

    private static ChatEngine Engine(LoadedModel model) => new(model.Model, model.Tokenizer(), TemplateFactory.Create("plain"), new ChatEngineOptions { Context = 128 });
}
