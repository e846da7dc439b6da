using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Engine.Chat.Extensions;
using Crescent.Tests.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Crescent.Tests.Chat;

public sealed class CrescentChatClientTests
{
    private static readonly AIFunction s_weather = AIFunctionFactory.Create((string city, int day) => $"{city} {day}", "weather", "Tells the weather.");

    [Fact]
    public async Task Streamed_updates_are_the_whole_answer_with_usage_at_the_end()
    {
        using var model = Open();
        using var client = model.CreateChatClient();
        var options = new ChatOptions { MaxOutputTokens = 24, Temperature = 0 };
        var updates = await client.GetStreamingResponseAsync("Once upon a time", options, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        var whole = await client.GetResponseAsync("Once upon a time", options, TestContext.Current.CancellationToken);
        Assert.Equal(whole.Text, string.Concat(updates.Select(update => update.Text)));
        Assert.Single(updates.Select(update => (update.ResponseId, update.MessageId, update.ModelId, update.Role)).Distinct());
        Assert.Equal(model.Name, updates[0].ModelId);
        Assert.Equal(ChatFinishReason.Length, updates[^1].FinishReason);
        Assert.All(updates[..^1], update => Assert.Null(update.FinishReason));
        Assert.Equal((24, 24 + whole.Usage!.InputTokenCount), (whole.Usage.OutputTokenCount, whole.Usage.TotalTokenCount));
        Assert.Single(whole.Messages);
    }

    [Fact]
    public async Task A_required_call_comes_once_and_complete_with_arguments_that_fit()
    {
        using var model = Open();
        using var client = model.CreateChatClient();
        for (var seed = 0; seed < 8; seed++)
        {
            var options = new ChatOptions { MaxOutputTokens = 160, Seed = seed, Tools = [s_weather], ToolMode = ChatToolMode.RequireSpecific("weather"), AllowMultipleToolCalls = false };
            var response = await client.GetResponseAsync("Weather?", options, TestContext.Current.CancellationToken);
            Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
            var call = Assert.Single(response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
            Assert.Null(call.Exception);
            Assert.Equal(("weather", "functions.weather:0"), (call.Name, call.CallId));
            Assert.Equal(["city", "day"], call.Arguments!.Keys.Order());
            Assert.Equal((JsonValueKind.String, JsonValueKind.Number), (((JsonElement)call.Arguments["city"]!).ValueKind, ((JsonElement)call.Arguments["day"]!).ValueKind));

            // The call and its result go back, and the conversation goes on.
            ChatMessage[] history = [new(ChatRole.User, "Weather?"), .. response.Messages, new(ChatRole.Tool, [new FunctionResultContent(call.CallId, "rain")])];
            var next = await client.GetResponseAsync(history, new ChatOptions { MaxOutputTokens = 4, Tools = [s_weather], ToolMode = ChatToolMode.None }, TestContext.Current.CancellationToken);
            Assert.Empty(next.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        }
    }

    [Fact]
    public async Task A_response_format_holds()
    {
        using var model = Open();
        using var client = model.CreateChatClient();
        var schema = JsonDocument.Parse("""{"type":"object","properties":{"count":{"type":"integer","minimum":1,"maximum":9}},"required":["count"]}""").RootElement;
        var response = await client.GetResponseAsync("How many?", new ChatOptions { MaxOutputTokens = 64, ResponseFormat = ChatResponseFormat.ForJsonSchema(schema) }, TestContext.Current.CancellationToken);
        Assert.InRange(JsonDocument.Parse(response.Text).RootElement.GetProperty("count").GetInt32(), 1, 9);
    }

    [Fact]
    public async Task Cancelling_ends_the_answer_and_what_is_not_supported_is_said()
    {
        using var model = Open();
        using var client = model.CreateChatClient();
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in client.GetStreamingResponseAsync("Tell me all", cancellationToken: cancel.Token))
            {
                await cancel.CancelAsync();
            }
        });
        var picture = new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]);
        var exception = await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync([picture], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("DataContent", exception.Message, StringComparison.Ordinal);
        Assert.NotNull(client.GetService<ChatClientMetadata>());
        Assert.Same(model.Engine, client.GetService<ChatEngine>());
    }

    [Fact]
    public async Task Embeddings_have_length_one_in_the_order_of_their_texts()
    {
        using var model = Open();
        using var generator = model.CreateEmbeddingGenerator();
        string[] texts = ["one", "two", "three", "four", "five", "one"];
        var embeddings = await generator.GenerateAsync(texts, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(texts.Length, embeddings.Count);
        Assert.All(embeddings, embedding => Assert.Equal(1, embedding.Vector.ToArray().Sum(value => (double)value * value), 1e-5));
        Assert.Equal(embeddings[0].Vector, embeddings[5].Vector);
        Assert.NotEqual(embeddings[0].Vector, embeddings[1].Vector);
        Assert.True(embeddings.Usage!.InputTokenCount >= texts.Length);
        var alone = await generator.GenerateAsync(["three"], new EmbeddingGenerationOptions { Dimensions = 8 }, TestContext.Current.CancellationToken);
        var cosine = alone[0].Vector.ToArray().Zip(embeddings[2].Vector.ToArray(), (left, right) => (double)left * right).Sum() / Math.Sqrt(embeddings[2].Vector.ToArray().Take(8).Sum(value => (double)value * value));
        Assert.Equal((8, 1.0), (alone[0].Vector.Length, Math.Round(cosine, 5)));
        await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(["x"], new EmbeddingGenerationOptions { Dimensions = 1 << 20 }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_container_opens_the_model_once_and_disposes_of_it()
    {
        var services = new ServiceCollection().AddCrescentChatClient(TestModels.PathOf("g-kimi-k2"), Options).BuildServiceProvider();
        var client = services.GetRequiredService<IChatClient>();
        Assert.Same(client, services.GetRequiredService<IChatClient>());
        services.Dispose();
        Assert.Throws<ChatException>(() => client.GetService<ChatEngine>()!.Submit(new ChatRequest { Prompt = [1] }, TestContext.Current.CancellationToken));
    }

    private static ChatModelOptions Options => new() { Template = "kimi-k2", Context = 1024 };

    private static ChatModel Open() => ChatModel.Open(TestModels.PathOf("g-kimi-k2"), Options);
}
