using Xunit;

namespace Crescent.Tests.Support;

/// <summary>A server whose only place is taken by an answer without an end, so that others wait, hear pings and are given up.</summary>
internal static class BusyScene
{
    public static async Task RunAsync(Func<ServerScene, Task> test)
    {
        await using var scene = await ServerScene.OpenAsync(
            engine: options => options with { Context = 1_000_000, Parallel = 1, QueueTimeout = TimeSpan.FromMilliseconds(600) },
            server: options => options with { PingInterval = TimeSpan.FromMilliseconds(10) });
        var (bos, eos) = (scene.Tokenizer.BosId!.Value, scene.Tokenizer.EosId!.Value);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var body = $$$$"""{"messages":[{"role":"user","content":"Once"}],"logit_bias":{"{{{{bos}}}}":-100,"{{{{eos}}}}":-100}}""";
        var endless = scene.Http.PostAsync("/v1/chat/completions", new StringContent(body), end.Token);
        await Wait.ForAsync(() => scene.Engine.Status().Slots.Any(slot => slot.Request is not null));
        await test(scene);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless);
    }
}
