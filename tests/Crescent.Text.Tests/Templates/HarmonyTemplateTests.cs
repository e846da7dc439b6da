using System.Text.Json;
using Crescent.Text.Templates;
using Crescent.Text.Tests.Support;

namespace Crescent.Text.Tests.Templates;

/// <summary>Expected prompts are those of openai/harmony: docs/format.md and test-data/.</summary>
public class HarmonyTemplateTests
{
    private const string SystemMessage = """
        <|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.
        Knowledge cutoff: 2024-06
        Current date: 2025-06-28

        Reasoning: high

        # Valid channels: analysis, commentary, final. Channel must be included for every message.
        """;

    private static readonly HarmonyTemplate s_template = new();

    private static readonly PromptRequest s_high = new([]) { CurrentDate = new DateOnly(2025, 6, 28), ReasoningEffort = ReasoningEffort.High };

    [Fact]
    public void Functions_are_declared_as_types_of_a_namespace()
    {
        var request = s_high with
        {
            Messages = [new ChatMessage("system", "Use a friendly tone."), new ChatMessage("user", "What is the weather like in SF?")],
            Tools =
            [
                Prompts.Tool("""{"type": "function", "function": {"name": "get_location", "description": "Gets the location of the user.", "parameters": {"type": "object", "properties": {}}}}"""),
                Prompts.Tool(
                    """
                    {"type": "function", "function": {"name": "get_current_weather", "description": "Gets the current weather in the provided location.", "parameters": {"type": "object",
                    "properties": {"location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                    "format": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"}}, "required": ["location"]}}}
                    """),
                Prompts.Tool(
                    """
                    {"type": "function", "function": {"name": "get_multiple_weathers", "description": "Gets the current weather in the provided list of locations.", "parameters": {"type": "object",
                    "properties": {"locations": {"type": "array", "items": {"type": "string"}, "description": "List of city and state, e.g. [\"San Francisco, CA\", \"New York, NY\"]"},
                    "format": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"}}, "required": ["locations"]}}}
                    """),
            ],
        };
        Check(
            SystemMessage + """

            Calls to these tools must go to the commentary channel: 'functions'.<|end|><|start|>developer<|message|># Instructions

            Use a friendly tone.

            # Tools

            ## functions

            namespace functions {

            // Gets the location of the user.
            type get_location = () => any;

            // Gets the current weather in the provided location.
            type get_current_weather = (_: {
            // The city and state, e.g. San Francisco, CA
            location: string,
            format?: "celsius" | "fahrenheit", // default: celsius
            }) => any;

            // Gets the current weather in the provided list of locations.
            type get_multiple_weathers = (_: {
            // List of city and state, e.g. ["San Francisco, CA", "New York, NY"]
            locations: string[],
            format?: "celsius" | "fahrenheit", // default: celsius
            }) => any;

            } // namespace functions<|end|><|start|>user<|message|>What is the weather like in SF?<|end|><|start|>assistant
            """,
            request);
    }

    [Fact]
    public void Schemas_of_every_kind_become_types()
    {
        var tool = Prompts.Tool(
            """
            {"name": "kitchensink", "description": "A function with various complex schemas.", "parameters": {"description": "params object", "type": "object", "properties": {
            "string": {"type": "string", "title": "STRING", "description": "A string", "examples": ["hello", "world"]},
            "string_nullable": {"type": "string", "nullable": true, "description": "A nullable string", "default": "the default"},
            "string_enum": {"type": "string", "enum": ["a", "b", "c"]},
            "oneof_string_or_number": {"oneOf": [{"type": "string", "default": "default_string_in_oneof"}, {"type": "number", "description": "numbers can happen too"}],
            "description": "a oneof", "default": 20}}}}
            """);
        Assert.Contains(
            """
            // A function with various complex schemas.
            type kitchensink = (_: // params object
            {
            // STRING
            //
            // A string
            // Examples:
            // - "hello"
            // - "world"
            string?: string,
            // A nullable string
            string_nullable?: string | null, // default: "the default"
            string_enum?: "a" | "b" | "c",
            // a oneof
            // default: 20
            oneof_string_or_number?:
             | string // default: "default_string_in_oneof"
             | number // numbers can happen too
            ,
            }) => any;

            } // namespace functions<|end|>
            """,
            Prompts.Text(s_template, s_high with { Tools = [tool] }));
    }

    [Theory]
    [InlineData("""{"type": ["integer", "null"]}""", "number | null")]
    [InlineData("""{"type": "array"}""", "Array<any>")]
    [InlineData("""{"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}""", "number[][]")]
    [InlineData("""{"type": "boolean"}""", "boolean")]
    [InlineData("""{"anyOf": []}""", "any")]
    [InlineData("""[]""", "any")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"default": [1, {"c": 2.0}]}}}}}""", "{\na?: {\n    b?: any, // default: [1,{\"c\":2.0}]\n    },\n}")]
    public void A_schema_is_spelled_as_a_type(string schema, string expected) =>
        Assert.Equal(expected, HarmonyTypes.Of(new JsonSchemaNode(JsonDocument.Parse(schema).RootElement), ""));

    [Fact]
    public void Without_date_and_tools_neither_is_mentioned() => Check(
        """
        <|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.
        Knowledge cutoff: 2024-06

        Reasoning: medium

        # Valid channels: analysis, commentary, final. Channel must be included for every message.<|end|><|start|>user<|message|>What is 2 + 2?<|end|><|start|>assistant
        """,
        new PromptRequest([new ChatMessage("user", "What is 2 + 2?")]));

    [Fact]
    public void Reasoning_before_the_last_answer_is_dropped() => Check(
        SystemMessage + "<|end|><|start|>user<|message|>What is 2 + 2?<|end|><|start|>assistant<|channel|>final<|message|>2 + 2 = 4.<|end|>"
        + "<|start|>user<|message|>What about 9 / 2?<|end|><|start|>assistant",
        s_high with
        {
            Messages =
            [
                new ChatMessage("user", "What is 2 + 2?"),
                new ChatMessage("assistant", "2 + 2 = 4.") { ReasoningContent = "Simple arithmetic." },
                new ChatMessage("user", "What about 9 / 2?"),
            ],
        });

    [Fact]
    public void Reasoning_of_a_running_tool_loop_is_kept_and_results_name_their_function() => Check(
        SystemMessage + "<|end|><|start|>user<|message|>What is the weather like in SF?<|end|><|start|>assistant<|channel|>analysis<|message|>Need to use function get_weather.<|end|>"
        + "<|start|>assistant<|channel|>commentary<|message|>Let me look.<|end|>"
        + "<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"location\":\"San Francisco\"}<|call|>"
        + "<|start|>functions.get_weather to=assistant<|channel|>commentary<|message|>{\"sunny\": true, \"temperature\": 20}<|end|><|start|>assistant",
        s_high with
        {
            Messages =
            [
                new ChatMessage("user", "What is the weather like in SF?"),
                new ChatMessage("assistant", "Let me look.")
                {
                    ReasoningContent = "Need to use function get_weather.",
                    ToolCalls = [new ToolCall("call_1", "get_weather", """{"location":"San Francisco"}""")],
                },
                new ChatMessage("tool", """{"sunny": true, "temperature": 20}""") { ToolCallId = "call_1" },
            ],
        });

    // Markers are ids, and the text between them is encoded as in one string.
    private static void Check(string expected, PromptRequest request)
    {
        Assert.Equal(expected, Prompts.Text(s_template, request));
        var tokenizer = Loaded.Get("o200k");
        Assert.Equal(tokenizer.Encode(expected, parseSpecial: true), PromptEncoder.Encode(s_template.Render(request), tokenizer));
    }
}
