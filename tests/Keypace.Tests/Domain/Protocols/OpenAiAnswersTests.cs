using System.Text;
using Keypace.Domain.Protocols.OpenAi;

namespace Keypace.Tests.Domain.Protocols;

public sealed class OpenAiAnswersTests
{
    [Theory]
    [InlineData(200, "{\"id\":\"c\",\"choices\":[{\"message\":{\"content\":\"an \\\"error\\\" <html>\"}}]}")]
    [InlineData(200, "{\"id\":\"c\",\"choices\":[],\"error\":null}")]
    [InlineData(200, "{\"object\":\"list\",\"data\":[],\"error\":null}")]
    [InlineData(200, "{\"error\":null,\"output\":[]}")]
    [InlineData(200, "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"an \\\"error\\\"\"}}]}\n\n")]
    [InlineData(200, "data: {\"error\":{\"message\":\"half")]
    [InlineData(200, "data: [DONE]\n\n")]
    [InlineData(200, "data:")]
    [InlineData(200, "event: response.created\ndata: {\"error\":null}\n\n")]
    [InlineData(200, ": PROCESSING\n\n")]
    [InlineData(200, "\n\n")]
    [InlineData(200, "[{\"error\":1}]")]
    [InlineData(400, "{\"error\":{\"message\":\"no\"}}")]
    [InlineData(503, "busy")]
    public void An_answer_in_openais_words_passes(int status, string body) => Assert.False(OpenAiAnswers.IsSuspicious(status, Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData(200, "", 502, "hub_answer_unreadable", "empty body")]
    [InlineData(200, " \n<!DOCTYPE html><html>", 502, "hub_answer_unreadable", "web page")]
    [InlineData(502, "<html><h1>bad gateway</h1></html>", 502, "hub_error", "a web page instead of JSON (\"bad gateway\")")]
    [InlineData(404, "", 404, "hub_error", "empty body")]
    [InlineData(200, "{\"error\":{\"code\":429,\"message\":\"slow\\ndown\"}}", 429, "hub_error", "slow down")]
    [InlineData(200, "{\"error\":{\"code\":\"402\",\"message\":\"credits\"}}", 402, "402", "credits")]
    [InlineData(200, "{\"error\":{\"type\":\"rate_limit_exceeded\",\"message\":\"wait\"}}", 429, "rate_limit_exceeded", "wait")]
    [InlineData(200, "{\"error\":\"model is loading\"}", 502, "hub_error", "model is loading")]
    [InlineData(200, "{\"code\":\"invalid_request\",\"error\":\"bad\"}", 400, "invalid_request", "bad")]
    [InlineData(200, "{\"error\":{}}", 502, "hub_error", "no reason")]
    [InlineData(200, "data: {\"error\":{\"code\":429,\"message\":\"slow down\"}}\n\ndata: [DONE]\n\n", 429, "hub_error", "slow down")]
    [InlineData(200, "data:{\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\r\n\r\n", 503, "overloaded_error", "busy")]
    public void What_is_no_answer_has_a_status_and_the_hubs_words(int status, string body, int expected, string code, string words)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        Assert.True(OpenAiAnswers.IsSuspicious(status, bytes));
        var fault = OpenAiAnswers.Fault(status, bytes);
        Assert.NotNull(fault);
        Assert.Equal((expected, code), (fault.Status, fault.Code));
        Assert.Contains(words, fault.Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"error\":null}")]
    [InlineData("{\"error\" broken")]
    [InlineData("{\"x\":{\"error\":1}}")]
    [InlineData("data: {\"error\":null}\n\n")]
    [InlineData("data: {\"error\" broken\n\n")]
    public void What_only_looks_like_an_error_passes(string body) => Assert.Null(OpenAiAnswers.Fault(200, Encoding.UTF8.GetBytes(body)));
}
