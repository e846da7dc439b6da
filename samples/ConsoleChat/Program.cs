// A chat with a tool, in one process: dotnet run --project samples/ConsoleChat -- MODEL [QUESTION]
using System.ComponentModel;
using System.Globalization;
using Crescent.Engine.Chat;
using Crescent.Engine.Chat.Extensions;
using Microsoft.Extensions.AI;

if (args.Length == 0)
{
    Console.Error.WriteLine("usage: ConsoleChat MODEL [QUESTION]");
    return 2;
}

using var model = ChatModel.Open(args[0], new ChatModelOptions { Parallel = 1 });
using var client = model.CreateChatClient();
var today = AIFunctionFactory.Create(Today);
var tools = model.Engine.Template.SupportsTools ? new List<AITool> { today } : null; // a base model has no way to call any
var options = new ChatOptions { Tools = tools, MaxOutputTokens = 200, Temperature = 0 };
var messages = new List<ChatMessage>();
var questions = args.Length > 1 ? [args[1]] : Lines();
foreach (var question in questions)
{
    messages.Add(new ChatMessage(ChatRole.User, question));
    for (var steps = 0; steps < 8; steps++)
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in client.GetStreamingResponseAsync(messages, options))
        {
            Console.Write(update.Text);
            updates.Add(update);
        }

        Console.WriteLine();
        var response = updates.ToChatResponse();
        messages.AddRange(response.Messages);
        var calls = response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToArray();
        if (calls.Length == 0)
        {
            break;
        }

        foreach (var call in calls)
        {
            Console.WriteLine($"[{call.Name}]");
            var result = await today.InvokeAsync(new AIFunctionArguments(call.Arguments));
            messages.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, result)]));
        }
    }
}

return 0;

[Description("Today's date")]
static string Today() => DateTime.Now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

static IEnumerable<string> Lines()
{
    for (Console.Write("> "); Console.ReadLine() is { Length: > 0 } line; Console.Write("> "))
    {
        yield return line;
    }
}
