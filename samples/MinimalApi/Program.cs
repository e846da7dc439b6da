// A web service with a model inside: dotnet run --project samples/MinimalApi -- --model MODEL --urls http://127.0.0.1:5000
// curl 'http://127.0.0.1:5000/ask?question=Why+is+the+sky+blue%3F'
using Crescent.Engine.Chat.Extensions;
using Microsoft.Extensions.AI;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddCrescentChatClient(builder.Configuration["model"] ?? throw new ArgumentException("expected --model and a file, found none"));
var app = builder.Build();

app.MapGet("/ask", async (string question, IChatClient client, CancellationToken cancellation) =>
{
    var response = await client.GetResponseAsync(question, new ChatOptions { MaxOutputTokens = 200 }, cancellation);
    return Results.Text(response.Text);
});

app.Run();
