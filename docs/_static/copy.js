// Adds a button to each code block that copies it; in console blocks, it copies only the commands.
(() => {
  const copied = (block) => {
    const text = block.querySelector('pre').textContent;
    if (!block.closest('.highlight-console')) {
      return text;
    }
    const commands = text.split('\n').filter((line) => line.startsWith('$ '));
    return commands.map((line) => line.slice(2).replace(/ {2,}# .*$/, '')).join('\n');
  };
  const add = (block) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.setAttribute('aria-label', 'Copy this code');
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(copied(block));
        button.textContent = 'Copied';
      } catch {
        button.textContent = 'Not copied';
      }
      setTimeout(() => {
        button.textContent = 'Copy';
      }, 2000);
    });
    block.append(button);
  };
  const addAll = () => document.querySelectorAll('div.highlight').forEach(add);
  if (navigator.clipboard) {
    if (document.readyState === 'loading') {
      document.addEventListener('DOMContentLoaded', addAll);
    } else {
      addAll();
    }
  }
})();
