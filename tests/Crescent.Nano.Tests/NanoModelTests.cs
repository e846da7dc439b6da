using System.Security.Cryptography;
using Crescent.Engine.Chat;
using Crescent.Nano;
using Crescent.Text.Grammars;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Crescent.Tests;

public sealed class NanoModelTests
{
    private static readonly ChatModelOptions s_options = new() { Parallel = 1 };

    [Fact]
    public void The_system_message_tells_the_day_in_English()
    {
        Assert.Equal("Today is Wednesday, 2026-11-25.", NanoModel.SystemMessage(new DateOnly(2026, 11, 25)));
        Assert.Equal("Today is Thursday, 2024-02-29.", NanoModel.SystemMessage(new DateOnly(2024, 2, 29)));
    }

    [Fact]
    public void A_build_without_the_model_says_so()
    {
        Assert.SkipWhen(NanoModel.IsIncluded, "this build holds the model");
        Assert.Empty(NanoModel.Tools);
        Assert.Equal("this build holds no built-in model; name one", Assert.Throws<NotSupportedException>(NanoModel.Folder).Message);
        Assert.Throws<NotSupportedException>(() => ChatModel.OpenBuiltIn());
        using var services = new ServiceCollection().AddCrescentChatClient().BuildServiceProvider();
        Assert.Throws<NotSupportedException>(services.GetRequiredService<IChatClient>);
    }

    [Fact]
    public void The_models_files_are_those_of_the_repository()
    {
        RequireModel();
        var folder = Path.Combine(SharedData.RepositoryRoot(), "models", "nano");
        Assert.Equal(Hashes(folder), Hashes(NanoModel.Folder()));
        Assert.Equal(NanoModel.Name, Path.GetFileName(NanoModel.Folder()));
    }

    [Fact]
    public async Task The_model_answers_in_process()
    {
        RequireModel();
        using (var model = ChatModel.OpenBuiltIn(s_options))
        {
            Assert.Equal(NanoModel.Name, model.Name);
            Assert.Equal("kimi-k2", model.Engine.Template.Name);
            var conversation = new Crescent.Text.Templates.PromptRequest([new("user", "hi")]) { Tools = NanoModel.Tools };
            Assert.NotNull(model.Engine.Bind(conversation, new AnswerForm { Calls = ToolCallMode.Required }));
        }

        await using var services = new ServiceCollection().AddCrescentChatClient(s_options).BuildServiceProvider();
        var answer = await services.GetRequiredService<IChatClient>().GetResponseAsync("Hello", new ChatOptions { MaxOutputTokens = 8 }, TestContext.Current.CancellationToken);
        Assert.Equal(NanoModel.Name, answer.ModelId);
        Assert.InRange(answer.Usage?.OutputTokenCount ?? 0, 1, 8);
    }

    private static void RequireModel() => Assert.SkipUnless(NanoModel.IsIncluded, "this build holds no built-in model");

    private static string[] Hashes(string folder) =>
        [.. Directory.GetFiles(folder).Select(file => $"{Path.GetFileName(file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}").Order(StringComparer.Ordinal)];
}
