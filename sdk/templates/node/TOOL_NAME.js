const { serve, ToolError } = require("parley-tool");

serve(async ({ city }) => {
  if (city === "Atlantis") {
    throw new ToolError("There is no weather in Atlantis. Ask for a city on land.");
  }
  return { summary: `It is sunny in ${city}.` };
});
